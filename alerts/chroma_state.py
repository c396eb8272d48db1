"""ChromaDB: does it do its work, or does it only answer? One state, one page.

Its state says more than readiness, and of two faults readiness says nothing: whatever is told here, `ServiceNotReady`
does not tell again. That it hangs or is down is told by `ServiceDown`, that it is slow by its response time.
"""

from collections.abc import Iterator

from alerts.rule import Alert, Group
from alerts.service_alert import in_state, service_alert
from ragpulse.catalogue.chroma import STATE
from ragpulse.inventory import Cluster
from ragpulse.services import Chroma

CHROMA_LOCKED = "ChromaLocked"
CHROMA_DATA_MOVED = "ChromaDataMoved"
CHROMA_DISK_FULL = "ChromaDiskFull"
CHROMA_UNAUTHORIZED = "ChromaUnauthorized"
# What has an alert of its own, so that readiness need not tell it.
TOLD_BY_STATE = ("locked", "data_moved", "disk_full", "unauthorized")

_HOLD_INTERVALS = 3  # longer than NodeDown takes; a backup or a VACUUM may have the database for a while


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(
        alert for name, chroma in cluster.of_kind(Chroma).items() for alert in _alerts(cluster, name, chroma)
    )
    return [Group("chroma_state", alerts)] if alerts else []


def _alerts(cluster: Cluster, name: str, chroma: Chroma) -> Iterator[Alert]:
    yield _alert(
        cluster,
        name,
        CHROMA_LOCKED,
        "locked",
        what="answers, and its database does not: somebody has it locked.",
        meaning="Its heartbeat comes. Either everything else hangs, or another process has held a lock on its file for"
        " so long that nothing can be written. To start it anew does not help while that process lives.",
    )
    yield _alert(
        cluster,
        name,
        CHROMA_UNAUTHORIZED,
        "unauthorized",
        what="refuses the token of the cluster file.",
        meaning="The service lives. Its token was changed, or ours: whoever else uses the old one is refused as well,"
        " and nothing of what it holds is seen here.",
    )
    if chroma.data_dir is None:
        return
    yield _alert(
        cluster,
        name,
        CHROMA_DATA_MOVED,
        "data_moved",
        what="works on a database that no longer lies in its place.",
        meaning="Its file was moved, deleted or replaced while it runs. It goes on answering from the file that it has"
        " open; what is written fails or is lost with its process. Do not start it anew before the data are back.",
    )
    yield _alert(
        cluster,
        name,
        CHROMA_DISK_FULL,
        "disk_full",
        what="has no room left on the disk of its data.",
        meaning="Less than 32 MiB, which one batch can need, or no inode. What it holds is still found, and nothing can"
        " be written.",
    )


def _alert(cluster: Cluster, service: str, name: str, state: str, *, what: str, meaning: str) -> Alert:
    return service_alert(
        cluster,
        service,
        name=name,
        condition=in_state(STATE, service, state),
        hold=_HOLD_INTERVALS * cluster.monitoring.scrape_interval,
        severity="page",
        what=what,
        meaning=meaning,
    )
