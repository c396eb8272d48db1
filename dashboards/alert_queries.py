"""What boards ask of alerts: which fire, which are noisy, which never did."""

from alerts.monitoring import WATCHDOG
from alerts.rule import Alert
from alerts.rules import COMPONENTS
from ragpulse import promql
from ragpulse.inventory import Cluster
from ragpulse.promql import fired_within, series

_BY = "alertname, severity, component"
_SEVERE = ("page", "ticket")
_WEEK = 7 * 86_400.0


def firing() -> str:
    """The watchdog too."""
    heard = f"{series('ALERTS', alertstate='firing', severity=_SEVERE)} or {promql.firing(WATCHDOG)}"
    return f"max by ({_BY}) ({heard})"


def firing_for() -> str:
    """Seconds since its expression became true."""
    since = f"max by ({_BY}) ({series('ALERTS_FOR_STATE')})"
    return f"(time() - {since}) and on ({_BY}) {firing()}"


def counts(state: str) -> str:
    heard = series("ALERTS", alertstate=state, severity=_SEVERE)
    return f"count by (severity) ({heard}) {_or_none('severity')}"


def by_name() -> str:
    heard = series("ALERTS", alertstate="firing", severity=_SEVERE)
    return f"max by (alertname) ({heard}) {_or_none('alertname')}"


def _or_none(label: str) -> str:
    """One 0 while there is none, and nothing while the rules are not evaluated."""
    return f'or on () label_replace(count({promql.firing(WATCHDOG)}) * 0, "{label}", "none", "", "")'


def seconds_firing(cluster: Cluster) -> str:
    """In the last week, each alert name once however many things it is about."""
    fired = series("ALERTS", alertstate="firing", severity=_SEVERE)
    counted = f"sum by (alertname) (count_over_time({fired}[1w])) * {cluster.monitoring.scrape_interval:g}"
    return f"{counted} {_or_none('alertname')}"


def times_true() -> str:
    """How often the expression of an alert that fired became true in the last week."""
    became = f"changes({series('ALERTS_FOR_STATE', severity=_SEVERE)}[1w]) + 1"
    fired = fired_within(_WEEK, severity=_SEVERE)
    return f"sum by (alertname) ({became} and ignoring (alertstate) {fired}) {_or_none('alertname')}"


def never_fired(cluster: Cluster) -> str:
    """A row for each shipped alert that did not fire within the last week."""
    rows = " or ".join(f'label_replace(vector(1), "alertname", "{name}", "", "")' for name in shipped(cluster))
    return f"({rows}) unless on (alertname) {fired_within(_WEEK, severity=_SEVERE)}"


def shipped(cluster: Cluster) -> list[str]:
    """The names of all alerts of this cluster that somebody hears of."""
    rules = (rule for each in COMPONENTS.values() for group in each(cluster) for rule in group.rules)
    return sorted({rule.name for rule in rules if isinstance(rule, Alert) and rule.severity in _SEVERE})
