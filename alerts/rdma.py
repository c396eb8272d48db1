"""RDMA: does what the engines send each other past the kernel arrive?

That a port is down, or damages packets, is told of the interface that it shares. A loss on the way is seen by nobody
else: the card sends again by itself, and the engines only get slower. A ticket.
"""

from alerts.rule import Alert, Group
from ragpulse.catalogue.rdma import LOSSES
from ragpulse.inventory import Cluster
from ragpulse.promql import rate
from ragpulse.recorded import long_window

LOST_A_SECOND = 1.0  # signs of losses: a network that is made for RDMA has none
_HOLD_INTERVALS = 3


def rules(cluster: Cluster) -> list[Group]:
    lossy = Alert(
        "RdmaLossy",
        f"sum by (node, port, tier) ({rate(LOSSES, long_window(cluster))}) > {LOST_A_SECOND:g}",
        hold=_HOLD_INTERVALS * cluster.monitoring.scrape_interval,
        severity="ticket",
        component="{{ $labels.node }}",
        summary='{{ $labels.node }}: RDMA over {{ $labels.port }} loses packets: {{ printf "%.1f" $value }} signs/s.',
        description="The card sends again by itself, and waits before it does: an engine over two nodes gets slower,"
        " and nothing else says why. Flow control (PFC, ECN) of switch and card, then the cable.",
        labels={"node": "{{ $labels.node }}"},
    )
    return [Group("rdma", (lossy,))]
