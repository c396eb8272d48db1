"""ChromaDB's data on disk: will there be room, what lies there for nothing, and does its log grow beyond all bounds?"""

from collections.abc import Iterator

from alerts.rule import Alert, Group
from ragpulse.catalogue.chroma import (
    COLLECTIONS,
    FILESYSTEM_AVAILABLE,
    FILESYSTEM_SIZE,
    ORPHANED_BYTES,
    ORPHANED_DIRECTORIES,
    WAL_BACKLOG,
)
from ragpulse.inventory import Cluster
from ragpulse.promql import forecast, instant, past
from ragpulse.services import Chroma
from ragpulse.vantage import home

_HOUR, _DAY = 3600.0, 86400.0
LITTLE, _HISTORY, AHEAD = 0.3, 7 * _DAY, 14 * _DAY
# Who makes and deletes a collection every hour leaks this many folders a day, for ever; who does it by hand does not.
_LEAKED_A_DAY, LEAKED_BYTES = 24, 2**30
# A collection keeps up to 1000 records in the log until its index takes them over, and twice that in a busy moment.
# Beyond, at the 10 000 records that are read in 11 to 14 s, each further 10 000 delay a start by as much.
BACKLOG, _OF_A_COLLECTION = 10_000, 2_000


def rules(cluster: Cluster) -> list[Group]:
    seen = [name for name, chroma in cluster.of_kind(Chroma).items() if chroma.data_dir is not None]
    alerts = tuple(alert for name in seen for alert in _alerts(cluster, name))
    return [Group("chroma_data", alerts)] if alerts else []


def _alerts(cluster: Cluster, name: str) -> Iterator[Alert]:
    free, whole = instant(FILESYSTEM_AVAILABLE, service=name), instant(FILESYSTEM_SIZE, service=name)
    yield _alert(
        cluster,
        name,
        "ChromaDiskFillingUp",
        f"{free} / {whole} < {LITTLE} and {forecast(FILESYSTEM_AVAILABLE, _HISTORY, AHEAD, service=name)} < 0"
        f" and {past(FILESYSTEM_AVAILABLE, _DAY, service=name)}",
        what="has {{ $value | humanizePercentage }} of the disk of its data left, and that is going.",
        meaning="At the pace of the last week it is full within two weeks; then nothing can be written. Its database"
        " file never shrinks: what is deleted makes room for itself alone.",
    )
    orphans, size = instant(ORPHANED_DIRECTORIES, service=name), instant(ORPHANED_BYTES, service=name)
    yield _alert(
        cluster,
        name,
        "ChromaLeaksDirectories",
        f"{orphans} and ({size} > {LEAKED_BYTES}"
        f" or {orphans} - {past(ORPHANED_DIRECTORIES, _DAY, service=name)} > {_LEAKED_A_DAY})",
        what="holds {{ $value }} folders of vector indexes that no collection uses.",
        meaning="A deleted collection leaves its folder behind, in every version. They take more than 1 GiB, or more"
        " than 24 have come in a day: something makes and deletes collections on a schedule.",
    )
    backlog, collections = instant(WAL_BACKLOG, service=name), instant(COLLECTIONS, service=name)
    yield _alert(
        cluster,
        name,
        "ChromaWalBacklog",
        f"{backlog} > {BACKLOG} + {_OF_A_COLLECTION} * {collections}",
        what="has {{ $value }} records in its log that its indexes have not taken over.",
        meaning="It reads all of them at its next start, and its disk keeps them twice. A log that is never emptied"
        " comes from a database of a version before 0.6 that was never vacuumed.",
    )


def _alert(cluster: Cluster, service: str, name: str, expr: str, *, what: str, meaning: str) -> Alert:
    where = home(cluster, service)
    return Alert(
        name,
        expr,
        hold=_HOUR,
        severity="ticket",
        component=service,
        summary=f"{service} on {where} {what}",
        description=meaning,
        labels={"service": service, "node": where},
    )
