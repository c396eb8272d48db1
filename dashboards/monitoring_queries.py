"""What the board asks of agents, sources, Prometheus and Alertmanager."""

from alerts.monitoring import SOURCE_FAILING, SOURCE_STALE
from dashboards import queries
from ragpulse import foreign
from ragpulse.catalogue import agent, node
from ragpulse.metric import Metric
from ragpulse.promql import Pattern, instant, rate, series, series_increase, series_rate
from ragpulse.recorded import TARGET_EXPECTED

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")
_WINDOW = "$__rate_interval"
_RECENT = 300.0  # seconds
_FEW = 15


def agents_missing() -> str:
    return _count(queries.missing_agents(_NODE), series(TARGET_EXPECTED, cluster=_CLUSTER, node=_NODE))


def monitors_down() -> str:
    up = series(foreign.UP, job=("prometheus", "alertmanager"), cluster=_CLUSTER)
    return _count(f"{up} == 0", up)


def sources_failing() -> str:
    return queries.alerts(alertname=(SOURCE_FAILING, SOURCE_STALE), node=_NODE)


def rules_failing() -> str:
    """Groups with a rule that could not be evaluated in the last minutes."""
    failures = f"sum by (rule_group) ({_lately(foreign.RULE_FAILURES)})"
    return _count(f"{failures} > 0", failures)


def notifications_lost() -> str:
    """Monitors that could not hand an alert over, or not deliver it, in the last minutes."""
    lost = f"sum by (job, node) ({_lately(foreign.NOTIFICATIONS_DROPPED)} or {_lately(foreign.NOTIFICATIONS_FAILED)})"
    return _count(f"{lost} > 0", lost)


def configurations_refused() -> str:
    """Of agents, Prometheus and Alertmanager: those that go on with an older one."""
    read = (
        instant(agent.CONFIG_LAST_RELOAD_SUCCESSFUL, cluster=_CLUSTER),
        series(foreign.CONFIG_READ, cluster=_CLUSTER),
        series(foreign.ALERTMANAGER_CONFIG_READ, cluster=_CLUSTER),
    )
    every = " or ".join(read)
    return queries.how_many(f"({every}) == 0", f"({every})", node=None)


def clocks_astray() -> str:
    """Nodes whose kernel does not say that its clock is synchronised."""
    synchronised = instant(node.CLOCK_SYNCHRONISED, cluster=_CLUSTER, node=_NODE)
    return queries.how_many(f"{synchronised} == 0", synchronised)


def clock_synchronised() -> str:
    return f"max by (node) ({instant(node.CLOCK_SYNCHRONISED, cluster=_CLUSTER, node=_NODE)})"


def clock_offset() -> str:
    return f"max by (node) (abs({instant(node.CLOCK_OFFSET, cluster=_CLUSTER, node=_NODE)}))"


def target_up() -> str:
    return _by_target(foreign.UP)


def scrape_seconds() -> str:
    """Of scrapes that succeeded: to be refused takes no time at all."""
    seconds, up = (series(name, cluster=_CLUSTER, node=_NODE) for name in (foreign.SCRAPE_SECONDS, foreign.UP))
    return f"max by (job, node) ({seconds} and on (job, node) {up} == 1)"


def scraped_samples() -> str:
    return _by_target(foreign.SCRAPED_SAMPLES)


def slowest_scrapes() -> str:
    return f"topk({_FEW}, {series(foreign.SCRAPE_SECONDS, cluster=_CLUSTER, node=_NODE)})"


def longest_waits() -> str:
    """How many of its intervals ago each source succeeded, of those that wait longest."""
    last = _of_sources(agent.SOURCE_LAST_SUCCESS)
    waits = f"(timestamp({last}) - {last}) / {_of_sources(agent.SOURCE_INTERVAL)}"
    return f"topk({_FEW}, max by (node, source) ({waits}))"


def runs_by_result() -> str:
    return f"sum by (result) ({rate(agent.SOURCE_RUNS, _WINDOW, cluster=_CLUSTER, node=_NODE)})"


def slowest_sources() -> str:
    return f"topk({_FEW}, max by (node, source) ({_of_sources(agent.SOURCE_DURATION)}))"


def series_scraped() -> str:
    return f"sum by (job) ({series(foreign.SCRAPED_SAMPLES, cluster=_CLUSTER)})"


def head_series() -> str:
    return _of_prometheus(foreign.HEAD_SERIES)


def samples_appended() -> str:
    return f"sum by (node) ({series_rate(foreign.SAMPLES_APPENDED, _WINDOW, cluster=_CLUSTER)})"


def block_bytes() -> str:
    return _of_prometheus(foreign.BLOCK_BYTES)


def kept_seconds() -> str:
    return f"time() - {_of_prometheus(foreign.OLDEST_SAMPLE)}"


def process_memory() -> str:
    return f"max by (job, node) ({series(foreign.PROCESS_MEMORY, cluster=_CLUSTER)})"


def process_cpu() -> str:
    return f"max by (job, node) ({series_rate(foreign.PROCESS_CPU, _WINDOW, cluster=_CLUSTER)})"


def rule_group_shares() -> str:
    """Of its interval, how much each rule group took, of the slowest."""
    seconds, interval = (
        series(name, cluster=_CLUSTER) for name in (foreign.RULE_GROUP_SECONDS, foreign.RULE_GROUP_INTERVAL)
    )
    return f"topk({_FEW}, max by (node, rule_group) ({seconds}) / max by (node, rule_group) ({interval}))"


def notifications() -> str:
    return f"sum by (node) ({series_rate(foreign.NOTIFICATIONS, _WINDOW, cluster=_CLUSTER)})"


def notifications_failed() -> str:
    return f"sum by (node) ({series_rate(foreign.NOTIFICATIONS_FAILED, _WINDOW, cluster=_CLUSTER)})"


def alerts_by_state() -> str:
    return f"max by (state) ({series(foreign.ALERTMANAGER_ALERTS, cluster=_CLUSTER)})"


def _count(bad: str, every: str) -> str:
    """How many are bad; nothing where there is none of them. Of what no agent tells."""
    return f"count({bad}) or count({every}) * 0"


def _lately(name: str) -> str:
    """Growth over the last minutes, of what is still there: who has died says nothing any more."""
    return f"({series_increase(name, _RECENT, cluster=_CLUSTER)} and {series(name, cluster=_CLUSTER)})"


def _by_target(name: str) -> str:
    return f"max by (job, node) ({series(name, cluster=_CLUSTER, node=_NODE)})"


def _of_sources(metric: Metric) -> str:
    return instant(metric, cluster=_CLUSTER, node=_NODE)


def _of_prometheus(name: str) -> str:
    return f"max by (node) ({series(name, cluster=_CLUSTER)})"
