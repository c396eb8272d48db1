"""File systems of a node that fill up: how many days are left at the pace of the last day?

Apart from `node_disk`: its tests take days of simulated time.
"""

from alerts.node_disk import DISK_FULL
from alerts.rule import Alert, Group
from ragpulse.catalogue.node import FILESYSTEM_AVAILABLE, FILESYSTEM_SIZE
from ragpulse.inventory import Cluster
from ragpulse.promql import firing, growth, instant, past

_HOUR, _DAY = 3600.0, 86_400.0
# Four days hold a long weekend. What has much room left is not full so soon, whatever a download does to its slope.
_LEFT, _LITTLE, _HISTORY = 4 * _DAY, 0.3, 6 * _HOUR


def rules(cluster: Cluster) -> list[Group]:  # noqa: ARG001 - the same for every cluster
    room = instant(FILESYSTEM_AVAILABLE)
    pace = f"(-{growth(FILESYSTEM_AVAILABLE, _DAY)} > 0)"
    filling = Alert(
        "NodeDiskFillingUp",
        f"{room} / {pace} < {_LEFT:.0f} and {room} / {instant(FILESYSTEM_SIZE)} < {_LITTLE}"
        f" and {past(FILESYSTEM_AVAILABLE, _HISTORY)} unless on (node, mountpoint) {firing(DISK_FULL)}",
        hold=_HOUR,
        severity="ticket",
        component="{{ $labels.node }}",
        summary="{{ $labels.node }}: {{ $labels.mountpoint }} is full in {{ $value | humanizeDuration }}.",
        description="At the pace of the last day; less than 30 % of it is left. Then what writes there stops.",
        labels={"node": "{{ $labels.node }}"},
    )
    return [Group("node_disk_growth", (filling,))]
