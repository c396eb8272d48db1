"""Node: what is wrong with this one machine?"""

from collections.abc import Iterator

from dashboards import node_queries as of_node
from dashboards.links import Down
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import component_states, count_of_bad
from ragpulse.inventory import Cluster

_VERDICT_HEIGHT = 4


def _rows(_: Cluster) -> Iterator[Row | Folded]:
    yield Row([_state(), _alerts(), _sources()], _VERDICT_HEIGHT)


def _state() -> Panel:
    return component_states(
        "State",
        "The machine as the rules see it; unknown is what nobody measures. Degraded: something of it cannot be read, or"
        " an alert about it pages.",
        of_node.state(),
        Down("machines"),
    )


def _alerts() -> Panel:
    return count_of_bad(
        "Alerts about it",
        "Pages and tickets about this machine that fire now. The Overview page lists them with their runbooks.",
        of_node.alerts(),
        Down("objectives"),
    )


def _sources() -> Panel:
    return count_of_bad(
        "Sources without data",
        "What its agent should read and has not read for several intervals. Monitoring says which and why.",
        of_node.silent_sources(),
        Down("monitoring"),
    )


BOARD = Board(
    name="node",
    title="Node",
    question="What is wrong with this one machine?",
    rows=_rows,
    one_node=True,
)
