"""Objectives: what is promised, how much of it is spent, how fast, and which alerts fire?"""

from collections.abc import Iterator

from dashboards import objectives_queries as queries
from dashboards import queries as shared
from dashboards.links import Down
from dashboards.panel import Board, Folded, Panel, Row, Variable
from dashboards.panels import Limits, count_of_bad, judged
from ragpulse import budget
from ragpulse.inventory import Cluster
from ragpulse.promql import Pattern, series
from ragpulse.recorded import SLO_OBJECTIVE

_VERDICT_HEIGHT = 4
_RATIO, _TIMES = "percentunit", "none"
_LOW_BUDGET = 0.25  # of the budget: time to stop what is risky
_OVERSPENT = -1e9  # there is no end to how far


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    yield Row([_budget(), _burn(cluster), _firing("page"), _firing("ticket")], _VERDICT_HEIGHT)


def _budget() -> Panel:
    return judged(
        "Error budget left",
        "Of the objective that is worst off: the share of failures allowed in its window that is not spent yet. Below a"
        " quarter: stop what is risky; below nothing the promise is broken.",
        queries.least_budget(),
        _RATIO,
        Limits(warning=_LOW_BUDGET, bad=0),
        Down("overview"),
        lowest=_OVERSPENT,
        without_data="Not judgeable",
    )


def _burn(cluster: Cluster) -> Panel:
    return judged(
        "Burn rate",
        "How many times faster than promised the fastest budget is spent, over the last hour. At 1 it lasts exactly its"
        " window; from the first limit on it earns a ticket, from the second on it pages.",
        queries.fastest_burn(cluster),
        _TIMES,
        Limits(warning=budget.TICKET[0].factor, bad=budget.PAGE[0].factor),
        Down("overview"),
        without_data="Not judgeable",
    )


def _firing(severity: str) -> Panel:
    title = f"{severity.capitalize()}s firing"
    return count_of_bad(
        title,
        "Alerts of this severity that fire now. The Overview page lists them with their runbooks.",
        shared.alerts(severity=severity),
        Down("overview"),
    )


BOARD = Board(
    name="objectives",
    title="Objectives",
    question="What is promised, how much of it is spent, and how fast?",
    rows=_rows,
    variables=(Variable("slo", "Target", series(SLO_OBJECTIVE, cluster=Pattern("$cluster")), "slo"),),
)
