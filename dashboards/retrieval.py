"""Retrieval: can the stores be asked, do they find what they should, and can they be restored?"""

from collections.abc import Iterator

from dashboards import queries, targets, tiles
from dashboards.links import Down
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import count_of_bad
from ragpulse.inventory import Cluster
from ragpulse.services import Chroma, Memory, Rag

_VERDICT_HEIGHT = 4


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    judged: list[Panel] = []
    if stores := tuple(name for name, of in cluster.services.items() if isinstance(of, Chroma | Memory | Rag)):
        judged.append(_stores(stores))
    if "response_time" in targets.slos(cluster):
        judged.append(
            targets.verdict(cluster, "response_time", Down("overview", targets.attained_title("response_time")))
        )
    if cluster.backups:
        judged.append(_backups())
    yield Row([*judged, tiles.pages()], _VERDICT_HEIGHT)


def _stores(names: tuple[str, ...]) -> Panel:
    return count_of_bad(
        "Stores not up",
        "Stores, memories and paths that are down, degraded or unknown. The Overview says which; then look at its"
        " alert.",
        queries.not_up(kind="service", component=names),
        Down("overview", "Retrieval and others"),
    )


def _backups() -> Panel:
    return count_of_bad(
        "Backups not up",
        "Backups that cannot be relied on, or of which something is wrong. The Overview says which; then look at its"
        " alert.",
        queries.not_up(kind="backup"),
        Down("overview", "Backups"),
    )


BOARD = Board(
    name="retrieval",
    title="Retrieval",
    question="Can the stores be asked, do they find what they should, and can they be restored?",
    rows=_rows,
)
