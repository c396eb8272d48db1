"""What the board asks of links and of the ways between nodes."""

from ragpulse.catalogue import network
from ragpulse.promql import Pattern, increase, instant

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")
_RECENT = 300.0  # seconds


def links_down() -> str:
    up = instant(network.LINK_UP, cluster=_CLUSTER, node=_NODE)
    return f"count({up} == 0) or count({up}) * 0"


def pairs_failing() -> str:
    failed = f"sum by (node, peer, tier) ({increase(network.PEER_FAILURES, _RECENT, cluster=_CLUSTER, node=_NODE)})"
    return f"count({failed} > 0) or count({failed}) * 0"
