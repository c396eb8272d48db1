"""Prometheus and Alertmanager themselves: do they evaluate every rule in time, keep what they are told, read anew?

Source: what each Prometheus of a pair scrapes of itself and of the other. Tickets: alerts still find their way out.
"""

from collections.abc import Iterator

from alerts.rule import Alert, Group
from ragpulse import foreign
from ragpulse.inventory import Cluster
from ragpulse.promql import AGENT_JOB, changed_over, series, series_increase
from ragpulse.recorded import long_window
from ragpulse.units import human_duration

_HOLD_INTERVALS = 3
_HOUR = 3600.0
_REMEMBERED_WINDOWS = 3
# One that comes back changes twice: a node that is started anew by hand, or an agent, is no flapping.
_CHANGES = 6
_LATE = 2.5  # a machine that stood still for a moment is late once or twice
_FAILURES = {
    "compaction": foreign.COMPACTIONS_FAILED,
    "head": foreign.HEAD_TRUNCATIONS_FAILED,
    "wal_damaged": foreign.LOG_DAMAGED,
    "wal_write": foreign.LOG_WRITES_FAILED,
}


def rules(cluster: Cluster) -> list[Group]:
    return [Group("prometheus_health", tuple(_alerts(cluster)))]


def _alerts(cluster: Cluster) -> Iterator[Alert]:
    long, hold = long_window(cluster), _HOLD_INTERVALS * cluster.monitoring.scrape_interval
    yield _alert(
        "PrometheusRuleFailing",
        f"sum by (node, rule_group) ({series_increase(foreign.RULE_FAILURES, long)}) > 0",
        hold,
        "Prometheus cannot evaluate rules of {{ $labels.rule_group }}.",
        "An alert among them cannot fire, whatever happens. The log of Prometheus names the rule and why.",
    )
    yield _alert(
        "PrometheusRulesLate",
        f"sum by (node) ({series_increase(foreign.RULE_GROUPS_MISSED, long)}) > {_LATE}",
        hold,
        'Prometheus left out {{ printf "%.0f" $value }} evaluations of its rules in ' + f"{human_duration(long)}.",
        "Rules take longer than the time between two evaluations: alerts come late, and budgets have holes.",
    )
    for program, read in (("prometheus", foreign.CONFIG_READ), ("alertmanager", foreign.ALERTMANAGER_CONFIG_READ)):
        yield _alert(
            "MonitoringConfigRefused",
            f"{series(read)} == 0",
            hold,
            f"{program} refused its new configuration and goes on with the old one.",
            "What the cluster file says now does not hold yet. At its next start it would not come up.",
            labels={"program": program},
        )
    for what, name in _FAILURES.items():
        yield _alert(
            "PrometheusStorageFailing",
            f"{series_increase(name, _HOUR)} > 0",
            hold,
            f"Prometheus failed in keeping its numbers ({what}).",
            "Its disk is full, damaged or too slow. What it loses counts in no budget and no report.",
            labels={"failure": what},
        )
    window = _REMEMBERED_WINDOWS * long
    yield _alert(
        "TargetFlapping",
        f"{changed_over(foreign.UP, window, job=AGENT_JOB)} > {_CHANGES}",
        hold,
        'its agent came or went {{ printf "%.0f" $value }} times in ' + f"{human_duration(window)}.",
        "Each absence may be too short for NodeDown, and all of them are minutes that nobody measured.",
    )


def _alert(
    name: str, expr: str, hold: float, what: str, meaning: str, *, labels: dict[str, str] | None = None
) -> Alert:
    return Alert(
        name,
        expr,
        hold=hold,
        severity="ticket",
        component="{{ $labels.node }}",
        summary=f"{{{{ $labels.node }}}}: {what}",
        description=meaning,
        labels={"node": "{{ $labels.node }}", **(labels or {})},
    )
