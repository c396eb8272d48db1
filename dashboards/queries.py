"""What several boards ask: functions of the catalogue and of the recorded names, so no name is written twice.

What one board alone asks stands in `<board>_queries.py`.
"""

from alerts.monitoring import WATCHDOG
from ragpulse.inventory import Cluster
from ragpulse.objectives import Slo, objectives
from ragpulse.promql import Matcher, Pattern, firing, series
from ragpulse.recorded import COMPONENT_STATE, SLO_OBJECTIVE, long_window, slo_met, slo_value

_CLUSTER = Pattern("$cluster")
_UP = 3  # of a component's state


def verdict(cluster: Cluster, slo: Slo) -> str:
    """0 when one is missed; 1 when all are met and each one that is probed has a verdict; else nothing."""
    worst = f"min({series(slo_met(cluster), cluster=_CLUSTER, slo=slo)})"
    probed = [o.service for o in objectives(cluster) if o.slo == slo and o.probed and not o.unmeasured]
    if not probed:
        return worst
    judged = f"count({series(slo_met(cluster), cluster=_CLUSTER, slo=slo, service=tuple(probed))})"
    return f"{worst} == 0 or {worst} and on () {judged} == {len(probed)}"


def alerts(**labels: Matcher) -> str:
    """How many fire; nothing while the rules are not evaluated: the watchdog fires always."""
    return f"count({series('ALERTS', alertstate='firing', **labels)}) or count({firing(WATCHDOG)}) * 0"


def pages() -> str:
    return alerts(severity="page")


def component_states(**labels: Matcher) -> str:
    return f"max by (component) ({series(COMPONENT_STATE, cluster=_CLUSTER, **labels)})"


def not_up(**labels: Matcher) -> str:
    """How many components are down, degraded or unknown; nothing without any record of them."""
    states = component_states(**labels)
    return f"count({states} < {_UP}) or count({states}) * 0"


def any_of(expression: str, label: str) -> str:
    """What is above 0; when nothing is, one 0 whose `label` says `none`; and nothing where nobody counts at all."""
    return f'{expression} > 0 or on () label_replace(sum({expression}) * 0, "{label}", "none", "", "")'


def attained(cluster: Cluster, slo: Slo) -> str:
    return series(slo_value(long_window(cluster)), cluster=_CLUSTER, slo=slo)


def objective(slo: Slo) -> str:
    return f"max({series(SLO_OBJECTIVE, cluster=_CLUSTER, slo=slo)})"
