"""What the board Network asks of RDMA ports."""

from dashboards.queries import any_of, living
from ragpulse.catalogue import rdma
from ragpulse.metric import Metric
from ragpulse.promql import Pattern, Window, instant, rate

_CLUSTER, _NODE = Pattern("$cluster"), Pattern("$node")
_SHOWN = "$__rate_interval"
_PORT = "node, port, tier"


def reading(metric: Metric) -> str:
    return f"max by ({_PORT}) ({instant(metric, cluster=_CLUSTER, node=_NODE)})"


def traffic(metric: Metric, window: Window = _SHOWN) -> str:
    carried = f"sum by ({_PORT}) ({rate(metric, window, cluster=_CLUSTER, node=_NODE)})"
    return carried if window == _SHOWN else living(carried)


def utilisation(window: Window = _SHOWN) -> str:
    """Share of the line rate that is used, in the direction that is fuller."""
    sent, received = traffic(rdma.SENT, window), traffic(rdma.RECEIVED, window)
    return f"({sent} > {received} or {received}) / ({reading(rdma.SPEED)} > 0)"


def congestion() -> str:
    return f"sum by ({_PORT}, direction) ({rate(rdma.CONGESTION, _SHOWN, cluster=_CLUSTER, node=_NODE)})"


def trouble(metric: Metric) -> str:
    """A second, by port and counter, of those that have any."""
    return any_of(f"sum by ({_PORT}, kind) ({rate(metric, _SHOWN, cluster=_CLUSTER, node=_NODE)})", "node")
