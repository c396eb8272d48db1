"""Monitoring: can the other boards be believed? Where every tile that says unknown leads to."""

from collections.abc import Iterator

from dashboards import monitoring_queries as queries
from dashboards.links import Down
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import count_of_bad
from ragpulse.inventory import Cluster

_VERDICT_HEIGHT = 4


def _rows(_: Cluster) -> Iterator[Row | Folded]:
    yield Row([_agents(), _monitors(), _sources()], _VERDICT_HEIGHT)


def _agents() -> Panel:
    return count_of_bad(
        "Agents not scraped",
        "Nodes of the cluster file whose agent gives Prometheus nothing. Is the machine up, does the agent run there,"
        " is its port open?",
        queries.agents_missing(),
        Down("node"),
    )


def _monitors() -> Panel:
    return count_of_bad(
        "Monitoring down",
        "Prometheus and Alertmanager processes that do not answer. With all of them gone this board is grey: look at"
        " the Overview page, which says so.",
        queries.monitors_down(),
        Down("node"),
    )


def _sources() -> Panel:
    return count_of_bad(
        "Sources failing",
        "Sources that fail or that nobody runs any more. What they read is unknown on every board.",
        queries.sources_failing(),
        Down("node"),
    )


BOARD = Board(
    name="monitoring",
    title="Monitoring",
    question="Can the other boards be believed?",
    rows=_rows,
)
