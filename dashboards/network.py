"""Network: which way between two nodes is slow, lossy or down?"""

from collections.abc import Iterator

from dashboards import network_queries as queries
from dashboards.links import Down
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import count_of_bad
from ragpulse.inventory import Cluster

_VERDICT_HEIGHT = 4


def _rows(_: Cluster) -> Iterator[Row | Folded]:
    yield Row([_links_down(), _pairs_failing()], _VERDICT_HEIGHT)


def _links_down() -> Panel:
    return count_of_bad(
        "Links down",
        "Interfaces of our networks without a carrier. Look at the cable and at the other end of it.",
        queries.links_down(),
        Down("node"),
    )


def _pairs_failing() -> Panel:
    return count_of_bad(
        "Pairs failing",
        "Pairs of nodes between which a connection failed in the last minutes. One node in all of them: look at that"
        " node; one tier in all of them: at its switch.",
        queries.pairs_failing(),
        Down("node"),
    )


BOARD = Board(
    name="network",
    title="Network",
    question="Which way between two nodes is slow, lossy or down?",
    rows=_rows,
)
