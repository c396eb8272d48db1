"""What several boards ask: functions of the catalogue and of the recorded names, so no name is written twice.

What one board alone asks stands in `<board>_queries.py`.
"""

from collections.abc import Sequence

from alerts.demand import NEARLY_ALL
from alerts.monitoring import WATCHDOG
from ragpulse.catalogue.vllm import DEMAND_SECONDS, STATE
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective, Slo, objectives
from ragpulse.promql import Matcher, Pattern, agent_up, firing, instant, rate, series
from ragpulse.recorded import (
    COMPONENT_STATE,
    SLO_OBJECTIVE,
    SLO_WATCHED,
    TARGET_EXPECTED,
    long_window,
    short_window,
    slo_met,
    slo_total,
    slo_value,
)

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")
_UNKNOWN, _UP = 0, 3  # of a component's state
IDLE = 2  # of a verdict
_OF_AN_OBJECTIVE = "on (slo, service, check)"


def verdict(cluster: Cluster, slo: Slo) -> str:
    """0 when one is missed; 1 when all are met, each one is watched and each that is probed has a verdict; 2 when there
    is nothing to judge because nobody asks for anything; else nothing.
    """
    judged = [each for each in objectives(cluster) if each.slo == slo and not each.unmeasured]
    met = slo_met(cluster)
    worst = f"min({watched(series(met, cluster=_CLUSTER, slo=slo, **_checks(cluster, slo)))})"
    if not judged:
        return worst
    known = _count_of(SLO_WATCHED, judged)
    if probed := [each for each in judged if each.probed]:
        return f"{worst} == 0 or {worst} and on () {known} and on () {_count_of(met, probed)}"
    return f"{worst} == 0 or {worst} and on () {known} or {_all_idle(cluster, slo, len(judged))}"


def _all_idle(cluster: Cluster, slo: Slo, count: int) -> str:
    """2 where no service has anything to do. One that stalls has, though it counts nothing."""
    short = short_window(cluster)
    if slo == "gpu_utilization":
        without = f"sum by (service) ({rate(DEMAND_SECONDS, short, cluster=_CLUSTER)}) < {NEARLY_ALL:g}"
    else:
        without = f"{series(slo_total(short), cluster=_CLUSTER, slo=slo, **_checks(cluster, slo))} == 0"
    seen = series(SLO_WATCHED, cluster=_CLUSTER, slo=slo, **_checks(cluster, slo))
    stalled = instant(STATE, cluster=_CLUSTER, state="stalled")
    idle = f"{without} and on (service) {seen} unless on (service) {stalled} == 1"
    return f"(count({idle}) == {count}) * 0 + {IDLE}"


def _count_of(recorded: str, these: Sequence[Objective]) -> str:
    """Whether all of them are there; all are of one target."""
    services, checks = (
        tuple(dict.fromkeys(names)) for names in zip(*((o.service, o.check) for o in these), strict=True)
    )
    there = series(recorded, cluster=_CLUSTER, slo=these[0].slo, service=services, check=checks)
    return f"count({there}) == {len(these)}"


def watched(recorded: str) -> str:
    """Of objectives: those that somebody measures. What is recorded of the others stood still when the agent did."""
    return f"{recorded} and {_OF_AN_OBJECTIVE} {series(SLO_WATCHED, cluster=_CLUSTER)}"


def unwatched(recorded: str) -> str:
    return f"{recorded} unless {_OF_AN_OBJECTIVE} {series(SLO_WATCHED, cluster=_CLUSTER)}"


def missing_agents(node: Matcher | None) -> str:
    """Those that are to be scraped and do not answer; of all nodes where none is named."""
    expected = series(TARGET_EXPECTED, cluster=_CLUSTER, **({} if node is None else {"node": node}))
    return f"{expected} unless on (node) {agent_up(cluster=_CLUSTER)} == 1"


def living(expression: str) -> str:
    """By node: of agents that answer. A rate over minutes goes on for minutes after the last sample."""
    return f"({expression} and on (node) {agent_up(cluster=_CLUSTER)} == 1)"


def how_many(bad: str, every: str, node: Matcher | None = _NODE) -> str:
    """The bad ones that are known; none only where each agent that should know answers."""
    return f"count({bad}) or count({every}) * 0 unless on () ({missing_agents(node)})"


def over_all(value: str, bad: float) -> str:
    """What several agents tell together: from `bad` on in any case, else only while each of them answers."""
    return f"{value} >= {bad:g} or {value} unless on () ({missing_agents(_NODE)})"


def alerts(**labels: Matcher) -> str:
    """How many fire; nothing while the rules are not evaluated (the watchdog fires always), nor 0 while they know too
    little because an agent is not scraped.
    """
    return how_many(series("ALERTS", alertstate="firing", **labels), firing(WATCHDOG), labels.get("node"))


def pages() -> str:
    return alerts(severity="page")


def component_states(**labels: Matcher) -> str:
    return f"max by (component) ({series(COMPONENT_STATE, cluster=_CLUSTER, **labels)})"


def not_up(**labels: Matcher) -> str:
    """How many components are down or degraded; nothing while none is and of one of them nothing is known."""
    states = component_states(**labels)
    bad = f"({states} > {_UNKNOWN}) < {_UP}"
    return f"count({bad}) or count({states}) * 0 unless on () {states} == {_UNKNOWN}"


def any_of(expression: str, label: str) -> str:
    """What is above 0; when nothing is, one 0 whose `label` says `none`; and nothing where nobody counts at all."""
    return f'{expression} > 0 or on () label_replace(sum({expression}) * 0, "{label}", "none", "", "")'


def attained(cluster: Cluster, slo: Slo) -> str:
    found = series(slo_value(long_window(cluster)), cluster=_CLUSTER, slo=slo, **_checks(cluster, slo))
    return f"min by (service) ({found})"


def objective(cluster: Cluster, slo: Slo) -> str:
    return f"max({series(SLO_OBJECTIVE, cluster=_CLUSTER, slo=slo, **_checks(cluster, slo))})"


def _checks(cluster: Cluster, slo: Slo) -> dict[str, Matcher]:
    """Of a target, what is judged in its own unit: tokens per second, and not the share of time with enough of them."""
    checks = tuple(dict.fromkeys(each.check for each in objectives(cluster) if each.slo == slo))
    return {"check": checks} if checks else {}
