"""The monitoring itself: is everything scraped that must be, is every source read, do alerts find their way out?"""

from collections.abc import Iterator

from alerts import timing
from alerts.node import NODE_DOWN
from alerts.rule import Alert, Group, Record
from ragpulse.catalogue.agent import CONFIG_LAST_RELOAD_SUCCESSFUL, SOURCE_INTERVAL, SOURCE_LAST_SUCCESS, SOURCE_RUNS
from ragpulse.inventory import Cluster
from ragpulse.promql import AGENT_JOB, fired_within, increase, instant, series
from ragpulse.recorded import TARGET_EXPECTED
from ragpulse.services import Rag
from ragpulse.units import human_duration
from ragpulse.vantage import interval

MONITORING_DOWN = "MonitoringDown"
SOURCE_FAILING = "SourceFailing"
SOURCE_STALE = "SourceStale"
TARGET_MISSING = "TargetMissing"
WATCHDOG = "Watchdog"

STALE_INTERVALS = 5  # of a source without a success

_LEAF_INTERVALS = 3
# A Prometheus that has just started finds its Alertmanagers 5s later, and is no reason to wake anybody.
_DISCOVERS_WITHIN = 15.0


def rules(cluster: Cluster) -> list[Group]:
    expected = tuple(Record(TARGET_EXPECTED, "vector(1)", {"job": AGENT_JOB, "node": node}) for node in cluster.nodes)
    return [Group("monitoring", (*expected, *_alerts(cluster)))]


def failing_window(cluster: Cluster) -> float:
    """Seconds in which even the slowest source of the cluster is due several times; a path, twice at the least: all
    others need not wait for it.
    """
    others = [name for name, service in cluster.services.items() if not isinstance(service, Rag)]
    slowest = max([cluster.monitoring.scrape_interval, *(interval(cluster, name) for name in others)])
    return max(60.0, 4 * slowest)


def _alerts(cluster: Cluster) -> Iterator[Alert]:
    step = cluster.monitoring.scrape_interval
    yield Alert(
        WATCHDOG,
        "vector(1)",
        hold=0,
        severity="info",
        component="monitoring",
        summary="Alerting works.",
        description="Fires always. Whoever stops hearing of it knows that Prometheus or Alertmanager is gone.",
    )
    yield Alert(
        TARGET_MISSING,
        f"{series(TARGET_EXPECTED)} unless on (job, node) {series('up')}",
        hold=_LEAF_INTERVALS * step,
        severity="page",
        component="{{ $labels.node }}",
        summary="{{ $labels.node }}: Prometheus does not even try to scrape its agent.",
        description="The node stands in the cluster file but not among Prometheus's targets: nothing is known of it.",
        labels={"node": "{{ $labels.node }}"},
    )
    failed = _failed(cluster)
    yield Alert(
        SOURCE_FAILING,
        f"{failed} unless {_runs(cluster, 'ok')} > 0",
        hold=step,
        severity="ticket",
        component="{{ $labels.node }}",
        summary='{{ $labels.node }}: source {{ $labels.source }} failed {{ printf "%.0f" $value }} times'
        f" and never succeeded in {human_duration(failing_window(cluster))}.",
        description="What this source reads is unknown: its values are withheld until it succeeds again.",
        labels={"node": "{{ $labels.node }}"},
    )
    # timestamp() is when the value was scraped, so a long scrape interval does not make a source look old.
    last = instant(SOURCE_LAST_SUCCESS)
    yield Alert(
        SOURCE_STALE,
        f"timestamp({last}) - {last} > {STALE_INTERVALS} * {instant(SOURCE_INTERVAL)}"
        f" unless on (node, source) {failed}",
        hold=_LEAF_INTERVALS * step,
        severity="ticket",
        component="{{ $labels.node }}",
        summary="{{ $labels.node }}: source {{ $labels.source }} last succeeded {{ $value | humanizeDuration }} ago.",
        description="Nothing runs this source any more, though it does not fail: the agent's scheduler is stuck, or the"
        " clock of the node was set.",
        labels={"node": "{{ $labels.node }}"},
    )
    yield Alert(
        "ConfigReloadRefused",
        f"{instant(CONFIG_LAST_RELOAD_SUCCESSFUL)} == 0",
        hold=_LEAF_INTERVALS * step,
        severity="ticket",
        component="{{ $labels.node }}",
        summary="{{ $labels.node }}: the agent refused the new cluster file and goes on with the old one.",
        description="The mistake stands on the agent's page and in its log. Until it is mended and read anew, this node"
        " watches what the old file says.",
        labels={"node": "{{ $labels.node }}"},
    )
    yield Alert(
        MONITORING_DOWN,
        f"{series('up', job=('prometheus', 'alertmanager'))} == 0"
        f" unless on (node) {fired_within(timing.settling(cluster), alertname=NODE_DOWN)}",
        hold=_LEAF_INTERVALS * step,
        severity="page",
        component="{{ $labels.node }}",
        summary="{{ $labels.node }}: {{ $labels.job }} at {{ $labels.instance }} does not answer.",
        description="In a pair, half of the monitoring is gone: the other half sees this and tells of it. Where there"
        " is one Alertmanager, its death shows on the Overview page only: no notification can leave.",
        labels={"node": "{{ $labels.node }}"},
    )
    expected = len(cluster.monitoring_nodes())
    yield Alert(
        "PrometheusAlertmanagerMissing",
        f"{series('prometheus_notifications_alertmanagers_discovered')} < {expected}",
        hold=max(_LEAF_INTERVALS * step, _DISCOVERS_WITHIN),
        severity="page",
        component="monitoring",
        summary=f"Prometheus on {{{{ $labels.node }}}} sends to {{{{ $value }}}} of {expected} Alertmanagers.",
        description="Alerts of this Prometheus may reach nobody. It counts the Alertmanagers of its configuration, dead"
        f" ones too: whether each of them answers is what {MONITORING_DOWN} tells.",
        labels={"node": "{{ $labels.node }}"},
    )


def _failed(cluster: Cluster) -> str:
    return f"{_runs(cluster, 'error', 'deadline')} > 0"


def _runs(cluster: Cluster, *results: str) -> str:
    return f"sum by (node, source) ({increase(SOURCE_RUNS, failing_window(cluster), result=results)})"
