"""What the board asks of links and of the ways between nodes."""

from dashboards import queries, rdma_queries
from dashboards.queries import any_of, living
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
    return queries.how_many(f"{up} == 0", up)


def pairs_failing() -> str:
    failed = failures(_RECENT)
    return queries.how_many(f"{failed} > 0", failed)


def fullest_link(full: float) -> str:
    """RDMA passes the counters of interfaces by: its ports are links of their own."""
    return queries.over_all(f"max({utilisation(_RECENT)} or {rdma_queries.utilisation(_RECENT)})", full)


def errors_now(many: float) -> str:
    """Damaged or dropped packets per second, over all links."""
    errors, drops = (
        f"sum({living(rate(metric, _RECENT, cluster=_CLUSTER, node=_NODE))})"
        for metric in (network.ERRORS, network.DROPPED)
    )
    return queries.over_all(f"({errors} + {drops})", many)


def links_up() -> str:
    return f"min by ({_LINK}) ({instant(network.LINK_UP, cluster=_CLUSTER, node=_NODE)})"


def link_reading(metric: Metric) -> str:
    return f"max by ({_LINK}) ({instant(metric, cluster=_CLUSTER, node=_NODE)})"


def traffic(metric: Metric, window: Window = _SHOWN) -> str:
    return _now(f"sum by ({_LINK}) ({rate(metric, window, cluster=_CLUSTER, node=_NODE)})", window)


def utilisation(window: Window = _SHOWN) -> str:
    """Share of the line rate that is used, in the direction that is fuller."""
    sent, received = traffic(network.SENT, window), traffic(network.RECEIVED, window)
    return f"({sent} > {received} or {received}) / ({link_reading(network.LINK_SPEED)} > 0)"


def trouble(metric: Metric) -> str:
    """Packets per second, of links that have any."""
    return any_of(f"sum by ({_LINK}, direction) ({rate(metric, _SHOWN, cluster=_CLUSTER, node=_NODE)})", "node")


def way_time(share: float, window: Window = _SHOWN) -> str:
    return _now(quantile(network.PEER_DURATION, share, window, _WAY, cluster=_CLUSTER, node=_NODE), window)


def ways() -> str:
    return way_time(0.5, _RECENT)


def slow_ways() -> str:
    return way_time(0.95, _RECENT)


def tier_time(share: float) -> str:
    return quantile(network.PEER_DURATION, share, _SHOWN, "tier", cluster=_CLUSTER, node=_NODE)


def slowest_ways() -> str:
    return f"topk({_WORST}, {way_time(0.95)})"


def failures(window: Window) -> str:
    return _now(f"sum by ({_WAY}) ({increase(network.PEER_FAILURES, window, cluster=_CLUSTER, node=_NODE)})", window)


def failures_now() -> str:
    return failures(_RECENT)


def failures_by_reason() -> str:
    failed = rate(network.PEER_FAILURES, _SHOWN, cluster=_CLUSTER, node=_NODE)
    return any_of(f"sum by ({_WAY}, reason) ({failed})", "node")


def _now(expression: str, window: Window) -> str:
    """What is asked over a window of its own is asked of now."""
    return expression if window == _SHOWN else living(expression)
