"""What the board asks of links and of the ways between nodes."""

from dashboards import rdma_queries
from dashboards.queries import any_of
from ragpulse.catalogue import network
from ragpulse.metric import Metric
from ragpulse.promql import Pattern, Window, increase, instant, quantile, rate

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")
_RECENT = 300.0  # seconds
_SHOWN = "$__rate_interval"
_LINK = "node, interface, tier"
_WAY = "node, peer, tier"
_WORST = 10  # ways: so many a person can tell apart


def links_down() -> str:
    up = instant(network.LINK_UP, cluster=_CLUSTER, node=_NODE)
    return f"count({up} == 0) or count({up}) * 0"


def pairs_failing() -> str:
    failed = failures(_RECENT)
    return f"count({failed} > 0) or count({failed}) * 0"


def fullest_link() -> str:
    """RDMA passes the counters of interfaces by: its ports are links of their own."""
    return f"max({utilisation(_RECENT)} or {rdma_queries.utilisation(_RECENT)})"


def errors_now() -> str:
    """Damaged or dropped packets per second, over all links."""
    errors, drops = (
        f"sum({rate(metric, _RECENT, cluster=_CLUSTER, node=_NODE)})" for metric in (network.ERRORS, network.DROPPED)
    )
    return f"{errors} + {drops}"


def links_up() -> str:
    return f"min by ({_LINK}) ({instant(network.LINK_UP, cluster=_CLUSTER, node=_NODE)})"


def link_reading(metric: Metric) -> str:
    return f"max by ({_LINK}) ({instant(metric, cluster=_CLUSTER, node=_NODE)})"


def traffic(metric: Metric, window: Window = _SHOWN) -> str:
    return f"sum by ({_LINK}) ({rate(metric, window, cluster=_CLUSTER, node=_NODE)})"


def utilisation(window: Window = _SHOWN) -> str:
    """Share of the line rate that is used, in the direction that is fuller."""
    sent, received = traffic(network.SENT, window), traffic(network.RECEIVED, window)
    return f"({sent} > {received} or {received}) / ({link_reading(network.LINK_SPEED)} > 0)"


def trouble(metric: Metric) -> str:
    """Packets per second, of links that have any."""
    return any_of(f"sum by ({_LINK}, direction) ({rate(metric, _SHOWN, cluster=_CLUSTER, node=_NODE)})", "node")


def way_time(share: float, window: Window = _SHOWN) -> str:
    return quantile(network.PEER_DURATION, share, window, _WAY, cluster=_CLUSTER, node=_NODE)


def ways() -> str:
    return way_time(0.5, _RECENT)


def slow_ways() -> str:
    return way_time(0.95, _RECENT)


def tier_time(share: float) -> str:
    return quantile(network.PEER_DURATION, share, _SHOWN, "tier", cluster=_CLUSTER, node=_NODE)


def slowest_ways() -> str:
    return f"topk({_WORST}, {way_time(0.95)})"


def failures(window: Window) -> str:
    return f"sum by ({_WAY}) ({increase(network.PEER_FAILURES, window, cluster=_CLUSTER, node=_NODE)})"


def failures_now() -> str:
    return failures(_RECENT)


def failures_by_reason() -> str:
    failed = rate(network.PEER_FAILURES, _SHOWN, cluster=_CLUSTER, node=_NODE)
    return any_of(f"sum by ({_WAY}, reason) ({failed})", "node")
