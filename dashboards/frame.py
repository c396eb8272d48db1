"""What all boards have alike: what a reader chooses, the ways to the other boards, and what happened, as marks in time.

Marks are blue, that of an alert red. A mark is drawn where its expression has a value.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboards import marks
from dashboards.links import SHARED_VARIABLES, Down
from dashboards.panel import Board, Variable
from dashboards.panels.colours import BAD
from ragpulse import endpoints
from ragpulse.catalogue.agent import BUILD_INFO
from ragpulse.inventory import Cluster
from ragpulse.promql import Pattern, instant

TAG = "ragpulse"
_MARK = "blue"


@dataclass(frozen=True, slots=True)
class Mark:
    """title, text: templates over the labels of the expression's series; the text may be HTML."""

    name: str
    expression: str
    title: str
    text: str
    colour: str = _MARK


def variables(board: Board) -> list[Variable]:
    """`datasource` is not among them: it is no question to Prometheus."""
    here = Pattern("$cluster")
    cluster, node = SHARED_VARIABLES[1:]
    return [
        Variable(cluster, "Cluster", instant(BUILD_INFO), "cluster", many=False),
        Variable(node, "Node", instant(BUILD_INFO, cluster=here), "node", many=not board.one_node),
        *board.variables,
    ]


def annotations(cluster: Cluster) -> Iterator[Mark]:
    page = endpoints.overview(cluster)
    yield Mark(
        "Alerts",
        marks.alerts(),
        "{{alertname}} ({{severity}})",
        f'{{{{component}}}}: <a href="{page}/runbooks/{{{{alertname}}}}">runbook</a>,'
        f' <a href="{Down("objectives").plain_url}">objectives</a>',
        BAD,
    )
    yield Mark("Restarts", marks.restarts(), "Restart", "{{node}} {{service}}")
    yield Mark("Versions", marks.versions(), "Version changed", "{{node}} {{service}} {{version}}")
    yield Mark("Maintenance", marks.maintenance(), "Maintenance of {{service}}", "work is announced")
    yield Mark("Backups", marks.backups(), "Backup made", "{{backup}}")
