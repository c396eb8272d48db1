"""Retrieval: can the stores be asked, do they find what they should, and can they be restored?"""

from collections.abc import Iterator

from alerts.recall import DROP, LOW
from dashboards import backups, chroma, memory, queries, rag, targets, tiles
from dashboards import retrieval_queries as asked
from dashboards.links import Down
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import Limits, Line, count_of_bad, judged, timeline, trend
from dashboards.panels.states import COMPONENT
from ragpulse.inventory import Cluster
from ragpulse.services import Chroma, Memory, Rag

_VERDICT_HEIGHT, _HEIGHT = 4, 8
_RATIO, _SECONDS, _PER_SECOND = "percentunit", "s", "reqps"


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    stores = tuple(name for name, of in cluster.services.items() if isinstance(of, Chroma | Memory | Rag))
    yield Row([*_verdicts(cluster, stores), tiles.pages()], _VERDICT_HEIGHT)
    if stores:
        yield Row([_states(stores), _latency(cluster, stores), _failures(stores)], _HEIGHT, "Stores, memories, paths")
    if cluster.of_kind(Chroma):
        yield from chroma.rows(cluster)
    if cluster.of_kind(Rag):
        yield from rag.rows(cluster)
    if cluster.of_kind(Memory):
        yield from memory.rows(cluster)
    if cluster.backups:
        yield from backups.rows()


def _verdicts(cluster: Cluster, stores: tuple[str, ...]) -> Iterator[Panel]:
    if stores:
        yield _stores(stores)
    if "response_time" in targets.slos(cluster):
        yield targets.verdict(cluster, "response_time", Down("overview", targets.attained_title("response_time")))
    if chroma.has_canary(cluster):
        yield _recall(sum(each.canary is not None for each in cluster.of_kind(Chroma).values()))
    if cluster.backups:
        yield _backups()


def _stores(names: tuple[str, ...]) -> Panel:
    return count_of_bad(
        "Stores not up",
        "Stores, memories and paths that are down or degraded; grey while none is and one is unknown. The graph of"
        " states says which and since when; then look at its alert.",
        queries.not_up(kind="service", component=names),
        Down("retrieval", "States"),
    )


def _recall(stores: int) -> Panel:
    limits = Limits(warning=1 - DROP, bad=LOW)
    return judged(
        "Recall@10",
        "Share of the ten exact nearest records that golden queries find, of the store that is worst. Below the limit"
        " answers are built on the wrong texts, while every query succeeds: look at its index.",
        asked.worst_recall(stores, limits.warning),
        _RATIO,
        limits,
        Down("retrieval", "Recall"),
    )


def _backups() -> Panel:
    return count_of_bad(
        "Backups not up",
        "Backups that cannot be relied on, or of which something is wrong. The table of backups says which; then look"
        " at its alert.",
        queries.not_up(kind="backup"),
        Down("retrieval", "Backups"),
    )


def _states(names: tuple[str, ...]) -> Panel:
    return timeline(
        "States",
        "Each store, memory and path as the rules saw it over time. Where one broke shortly before another, look at"
        " that one first.",
        Line(queries.component_states(kind="service", component=names), "{{component}}"),
        COMPONENT,
    )


def _latency(cluster: Cluster, names: tuple[str, ...]) -> Panel:
    target = cluster.targets.response_time
    promised = [Line(f"vector({target.below:.10g})", "promised", target=True)] if target else []
    return trend(
        "Probes: p95",
        "What 95 of 100 good answers to our probes stayed below, by service and check. Slow alone: look at that store;"
        " all slow at once: look at the node or the way to it.",
        [Line(asked.latency(0.95, names), "{{service}} {{check}}"), *promised],
        _SECONDS,
    )


def _failures(names: tuple[str, ...]) -> Panel:
    return trend(
        "Probes that fail",
        "Failed probes per second, by service, check and reason. The reason says whose fault it is: auth is a key,"
        " connect a process or a network, timeout an overload; look there.",
        [Line(asked.failures(names), "{{service}} {{check}} {{reason}}")],
        _PER_SECOND,
    )


BOARD = Board(
    name="retrieval",
    title="Retrieval",
    question="Can the stores be asked, do they find what they should, and can they be restored?",
    rows=_rows,
)
