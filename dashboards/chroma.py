"""ChromaDB on the board of retrieval: does it find what is nearest, and what does its data cost?"""

from collections.abc import Iterator

from alerts.chroma_data import AHEAD, LEAKED_BYTES, LITTLE
from alerts.recall import DRIFT, LOW
from dashboards import retrieval_queries as asked
from dashboards.panel import Folded, Panel, Row
from dashboards.panels import Limits, Line, bars, trend
from ragpulse.catalogue import chroma, chroma_recall
from ragpulse.inventory import Cluster
from ragpulse.services import Chroma

_HEIGHT = 8
_RATIO, _BYTES, _COUNT, _DAYS, _PER_SECOND = "percentunit", "bytes", "short", "d", "reqps"
_DAY = 86_400.0
_FEW_DAYS = 3
_ALL_BUT_FULL = 0.05


def has_canary(cluster: Cluster) -> bool:
    return any(store.canary is not None for store in cluster.of_kind(Chroma).values())


def rows(cluster: Cluster) -> Iterator[Row | Folded]:
    if has_canary(cluster):
        yield Row([_recall(), _rank_drift(), _distance_drift()], _HEIGHT, "ChromaDB: does it find what is nearest?")
    yield Row([_records(), _cold(), *_on_disk(cluster)], _HEIGHT, "ChromaDB: its data")
    if _sees_data(cluster):
        yield Folded("ChromaDB: disk and process", [Row([_by_kind(), _orphans(), _backlog(), _process()], _HEIGHT)])


def _sees_data(cluster: Cluster) -> bool:
    return any(store.data_dir is not None for store in cluster.of_kind(Chroma).values())


def _on_disk(cluster: Cluster) -> list[Panel]:
    return [_disk_left(), _days_left()] if _sees_data(cluster) else []


def _recall() -> Panel:
    return trend(
        "Recall",
        "Share of the k exact nearest records that were among the first k found, over all golden queries. A step down:"
        " records are lost, or the index was built anew or damaged; compare with what changed then.",
        [Line(asked.of_service(chroma_recall.RECALL), "{{service}} recall@{{k}}")],
        _RATIO,
        top=1,
        limits=Limits(warning=LOW, bad=LOW),
    )


def _rank_drift() -> Panel:
    return trend(
        "Rank drift",
        "Places by which the nearest records that were found stood elsewhere than they should, on average. More than"
        " before after an upgrade: the index searches less thoroughly.",
        [Line(asked.of_service(chroma_recall.RANK_DRIFT), "{{service}}")],
        _COUNT,
    )


def _distance_drift() -> Panel:
    return trend(
        "Distance drift",
        "Largest error of a distance that was told for a known record. Above the limit that record has another vector"
        " than it had, or distances are computed in another way: look at what wrote to it.",
        [Line(asked.of_service(chroma_recall.DISTANCE_DRIFT), "{{service}}")],
        _RATIO,
        soft_top=2 * DRIFT,
        limits=Limits(warning=DRIFT, bad=DRIFT),
    )


def _records() -> Panel:
    return trend(
        "Records",
        "Records of the largest collections. A step down is a deletion: ask who made it; none for long is a writer that"
        " has stopped.",
        [Line(asked.largest_collections(), "{{service}} {{collection}}")],
        _COUNT,
    )


def _cold() -> Panel:
    return trend(
        "Cold queries",
        "Queries of ours per second that met an index which was not in memory yet; no other figure counts them. Often,"
        " long after a start: there is too little memory for all indexes.",
        [Line(asked.cold_queries(), "{{service}}")],
        _PER_SECOND,
    )


def _disk_left() -> Panel:
    return bars(
        "Disk left",
        "Share of the file system of the data that is free. Below the limit and shrinking it earns a ticket; make room"
        " before nothing can be written.",
        [Line(asked.disk_left(), "{{service}}")],
        _RATIO,
        Limits(warning=LITTLE, bad=_ALL_BUT_FULL),
        top=1,
    )


def _days_left() -> Panel:
    return bars(
        "Days until its disk is full",
        "As the last week went; no bar where the room grows. Plan for more room while there are weeks.",
        [Line(asked.disk_days_left(), "{{service}}")],
        _DAYS,
        Limits(warning=AHEAD / _DAY, bad=_FEW_DAYS),
        without_data="Not shrinking",
    )


def _by_kind() -> Panel:
    return trend(
        "Data by kind",
        "What the files of the data folder take: the database, its log, the vector indexes, and what is left over. The"
        " database never shrinks by itself: a vacuum does it, with the server stopped.",
        [Line(asked.of_service(chroma.DATA_BYTES), "{{service}} {{kind}}")],
        _BYTES,
        stacked=True,
    )


def _orphans() -> Panel:
    return trend(
        "Orphaned folders",
        "What folders of vector indexes take that no collection uses any more. Growing: something makes and deletes"
        " collections on a schedule; find it.",
        [Line(asked.of_service(chroma.ORPHANED_BYTES), "{{service}}")],
        _BYTES,
        limits=Limits(warning=LEAKED_BYTES, bad=LEAKED_BYTES),
        without_data="Not looked for",
    )


def _backlog() -> Panel:
    return trend(
        "Records in its log",
        "Records that indexes have not taken over yet, and that are read again at a start. Growing without an end: its"
        " log is never emptied, and the next start will be slow.",
        [Line(asked.of_service(chroma.WAL_BACKLOG), "{{service}}")],
        _COUNT,
        without_data="Not looked for",
    )


def _process() -> Panel:
    return trend(
        "Memory of its process",
        "Resident memory of the process that has the database open. Vector indexes live there whole: near what the node"
        " has, the kernel kills it.",
        [Line(asked.of_service(chroma.PROCESS_MEMORY), "{{service}}")],
        _BYTES,
    )
