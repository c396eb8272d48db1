"""What the board asks of agents, sources, Prometheus and Alertmanager."""

from alerts.monitoring import SOURCE_FAILING, SOURCE_STALE
from dashboards import queries
from ragpulse.promql import Pattern, agent_up, series
from ragpulse.recorded import TARGET_EXPECTED

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")


def agents_missing() -> str:
    expected = series(TARGET_EXPECTED, cluster=_CLUSTER, node=_NODE)
    return f"count({expected} unless on (node) {agent_up(cluster=_CLUSTER)} == 1) or count({expected}) * 0"


def monitors_down() -> str:
    up = series("up", job=("prometheus", "alertmanager"), cluster=_CLUSTER)
    return f"count({up} == 0) or count({up}) * 0"


def sources_failing() -> str:
    return queries.alerts(alertname=(SOURCE_FAILING, SOURCE_STALE), node=_NODE)
