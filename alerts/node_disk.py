"""File systems of a node: is there room left, and do they still take what is written?

Tickets all of them: who cannot work for want of a disk has a page of its own, like `ChromaDiskFull`.
"""

from collections.abc import Iterator

from alerts.rule import Alert, Group
from ragpulse.catalogue.node import (
    FILESYSTEM_AVAILABLE,
    FILESYSTEM_INODES_FREE,
    FILESYSTEM_READONLY,
    FILESYSTEM_SIZE,
    FILESYSTEM_UNREADABLE,
)
from ragpulse.inventory import Cluster
from ragpulse.promql import instant, lowest

DISK_FULL = "NodeDiskFull"

_HOLD_INTERVALS = 3
# A large disk is not full at 3 %, a small one not at 10 GiB.
_FULL_SHARE, _FULL_BYTES, _FULL_INODES = 0.03, 10 * 2**30, 1000
# What has been read-only for this long is meant to be.
_WEEK = 7 * 86_400.0


def rules(cluster: Cluster) -> list[Group]:
    return [Group("node_disk", tuple(_alerts(cluster)))]


def _alerts(cluster: Cluster) -> Iterator[Alert]:
    room = instant(FILESYSTEM_AVAILABLE)
    meant = f"unless {instant(FILESYSTEM_READONLY)} == 1"
    stops = (
        "What writes there stops: logs, state files, databases. Prometheus's and a service's data may be among them."
    )
    yield _alert(
        cluster,
        DISK_FULL,
        f"{room} / {instant(FILESYSTEM_SIZE)} < {_FULL_SHARE} and {room} < {_FULL_BYTES} {meant}",
        what="has {{ $value | humanizePercentage }} of its room left.",
        meaning=stops,
        of="bytes",
    )
    yield _alert(
        cluster,
        DISK_FULL,
        f"{instant(FILESYSTEM_INODES_FREE)} < {_FULL_INODES} {meant}",
        what="has room for {{ $value }} more files.",
        meaning=f"It has bytes left, but no inodes: very many small files. {stops}",
        of="inodes",
    )
    yield _alert(
        cluster,
        "NodeDiskReadOnly",
        f"{instant(FILESYSTEM_READONLY)} == 1 and {lowest(FILESYSTEM_READONLY, _WEEK)} == 0",
        what="takes no writes any more: it is mounted read-only, and was not.",
        meaning="The kernel does this to a file system that it finds damaged. Its disk may be dying.",
    )
    yield _alert(
        cluster,
        "NodeDiskUnreadable",
        f"{instant(FILESYSTEM_UNREADABLE)} == 1",
        what="answers with an error.",
        meaning="It is mounted, yet even its size cannot be read: the disk or the file server behind it is gone.",
    )


def _alert(cluster: Cluster, name: str, expr: str, *, what: str, meaning: str, of: str = "") -> Alert:
    return Alert(
        name,
        expr,
        hold=_HOLD_INTERVALS * cluster.monitoring.scrape_interval,
        severity="ticket",
        component="{{ $labels.node }}",
        summary=f"{{{{ $labels.node }}}}: {{{{ $labels.mountpoint }}}} {what}",
        description=meaning,
        labels={"node": "{{ $labels.node }}", **({"of": of} if of else {})},
    )
