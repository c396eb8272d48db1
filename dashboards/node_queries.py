"""What the board asks of one machine."""

from dashboards import queries
from ragpulse.catalogue import agent
from ragpulse.promql import Pattern, instant

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")
_MISSED_INTERVALS = 3


def state() -> str:
    return queries.component_states(kind="node", component=_NODE)


def alerts() -> str:
    return queries.alerts(severity=("page", "ticket"), node=_NODE)


def silent_sources() -> str:
    last, interval = (
        instant(metric, cluster=_CLUSTER, node=_NODE) for metric in (agent.SOURCE_LAST_SUCCESS, agent.SOURCE_INTERVAL)
    )
    return f"count(timestamp({last}) - {last} > {_MISSED_INTERVALS} * {interval}) or count({last}) * 0"
