"""Objectives: what is promised, how much of it is spent, how fast, and which alerts fire?"""

from collections.abc import Iterator
from itertools import cycle

from dashboards import alert_rows, targets
from dashboards import objectives_queries as queries
from dashboards import queries as shared
from dashboards.links import BoardName, Down
from dashboards.panel import Board, Folded, Panel, Row, Variable
from dashboards.panels import BAD, GOOD, Column, Key, Line, count_of_bad, judged, table, trend
from dashboards.panels.colours import OF_LINES
from ragpulse import budget
from ragpulse.inventory import Cluster
from ragpulse.objectives import Slo
from ragpulse.promql import Pattern, series
from ragpulse.recorded import SLO_OBJECTIVE
from ragpulse.units import human_duration

_VERDICT_HEIGHT, _HEIGHT, _TABLE_HEIGHT = 4, 8, 10
_RATIO, _TIMES, _SECONDS, _PER_SECOND = "percentunit", "none", "s", "ops"
_SPENT_TWICE = -1
_EACH = "{{service}} {{slo}} {{check}}"
# Where the cause of a missed objective is to be found.
_CAUSE: dict[Slo, BoardName] = {
    "availability": "overview",
    "response_time": "retrieval",
    "time_to_first_token": "inference",
    "throughput": "inference",
    "gpu_utilization": "machines",
}


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    budgeted = budget.budgeted(cluster)
    tiles = [_budget(), _burn(cluster)] if budgeted else []
    yield Row([*tiles, _firing("page"), _firing("ticket")], _VERDICT_HEIGHT)
    if budgeted:
        yield Row([_table(cluster)], _TABLE_HEIGHT, "Objectives and their error budgets")
        yield Row([_burn_rates(cluster), _burn_down(), _reasons()], _HEIGHT)
        whole = [_cluster_available(cluster)] if any(each.slo == "availability" for each in budgeted) else []
        yield Folded("Events", [Row([_good(cluster), _bad(cluster), *whole], _HEIGHT)])
    if slos := targets.slos(cluster):
        shown = [targets.attained(cluster, slo, Down(_CAUSE[slo])) for slo in slos]
        rows = [Row(shown[index : index + 3], _HEIGHT) for index in range(0, len(shown), 3)]
        yield Folded("Attained, over the last minutes", rows)
    yield from alert_rows.rows(cluster)


def _budget() -> Panel:
    return judged(
        "Error budget left",
        "Of the objective that is worst off: the share of failures allowed in its window that is not spent yet. Below a"
        " quarter: stop what is risky; below nothing the promise is broken.",
        queries.least_budget(targets.BUDGET_LIMITS.warning),
        _RATIO,
        targets.BUDGET_LIMITS,
        Down("objectives", "Objectives"),
        lowest=targets.OVERSPENT,
    )


def _burn(cluster: Cluster) -> Panel:
    return judged(
        "Burn rate",
        "How many times faster than promised the fastest budget is spent, over the last hour. At 1 it lasts exactly its"
        " window; from the first limit on it earns a ticket, from the second on it pages.",
        queries.fastest_burn(cluster, targets.BURN_LIMITS.warning),
        _TIMES,
        targets.BURN_LIMITS,
        Down("objectives", "Objectives"),
        decimals=1,
    )


def _firing(severity: str) -> Panel:
    title = f"{severity.capitalize()}s firing"
    return count_of_bad(
        title,
        "Alerts of this severity that fire now. The table of alerts says which; the Overview page has their runbooks.",
        shared.alerts(severity=severity),
        Down("objectives", "Firing now"),
    )


def _table(cluster: Cluster) -> Panel:
    hour, day = budget.pace(cluster), budget.TICKET[0].long
    return table(
        "Objectives",
        "Each promise: what was attained over its window, how much of the budget is left, and how fast the last hours"
        " spent it. Grey or small `measured`: it is still learning; red: its service is named, look at its alert.",
        [Key("service", "Service"), Key("slo", "Target"), Key("check", "Check")],
        [
            Column(queries.shares(), "Objective", _RATIO),
            Column(queries.met(cluster), "Now", words={0: ("Missed", BAD), 1: ("Met", GOOD)}),
            Column(queries.attained(cluster), "Attained", _RATIO, decimals=3),
            Column(queries.left_now(), "Budget left", _RATIO, targets.BUDGET_LIMITS, lowest=targets.OVERSPENT),
            Column(queries.burn(hour), "Burn 1 h", _TIMES, targets.BURN_LIMITS, decimals=1),
            Column(queries.burn(day), "Burn 1 d", _TIMES, targets.BURN_LIMITS, decimals=1),
            Column(queries.lasts(), "Lasts", _SECONDS),
            Column(queries.measured(cluster), "Measured", _RATIO),
        ],
        by="Budget left",
        without_data="No target is set",
    )  # fmt: skip


def _burn_rates(cluster: Cluster) -> Panel:
    windows = budget.windows(cluster)
    return trend(
        "Burn rates",
        "Of the budget that burns fastest, over windows from minutes to days. All above a line: it pages (upper) or"
        " earns a ticket (lower); short ones low and long ones high: it is over, and still being paid for.",
        [
            Line(queries.worst_burn(window), human_duration(window), colour=colour)
            for window, colour in zip(windows, cycle(OF_LINES), strict=False)
        ],
        _TIMES,
        limits=targets.BURN_LIMITS,
    )


def _burn_down() -> Panel:
    return trend(
        "Error budgets over time",
        "What is left of each budget. A cliff is an outage, a slope is something that fails all the time: look at the"
        " reasons beside it.",
        [Line(queries.left(), _EACH)],
        _RATIO,
        lowest=_SPENT_TWICE,
        top=1,
        limits=targets.BUDGET_LIMITS,
    )


def _reasons() -> Panel:
    return trend(
        "What spends them",
        "Failed probes per second by service, check and reason. The largest is the worst contributor: mend that one"
        " first.",
        [Line(queries.failures_by_reason(), "{{service}} {{check}} {{reason}}")],
        "reqps",
    )


def _good(cluster: Cluster) -> Panel:
    return trend(
        "Good events",
        "Per second and objective: probes or requests that kept the promise. None at all: nothing is measured, and what"
        " is not measured is not good.",
        [Line(queries.good_events(cluster), _EACH)],
        _PER_SECOND,
    )


def _bad(cluster: Cluster) -> Panel:
    return trend(
        "Bad events",
        "Per second and objective: those that broke the promise, each as much as any other. Look at the service with"
        " the most of them.",
        [Line(queries.bad_events(cluster), _EACH)],
        _PER_SECOND,
    )


def _cluster_available(cluster: Cluster) -> Panel:
    target = cluster.targets.availability
    promised = [Line(f"vector({target.objective:.10g})", "objective", target=True)] if target else []
    over = [Line(queries.cluster_attained(target.window), "over its window", colour="light-blue")] if target else []
    return trend(
        "The whole cluster",
        "Share of the work that the weakest service could do at each moment, and its mean over the window. The service"
        " that is weakest most often is the one to make sturdier.",
        [Line(queries.cluster_available(), "now", colour="blue"), *over, *promised],
        _RATIO,
        top=1,
    )


BOARD = Board(
    name="objectives",
    title="Objectives",
    question="What is promised, how much of it is spent, and how fast?",
    rows=_rows,
    variables=(Variable("slo", "Target", series(SLO_OBJECTIVE, cluster=Pattern("$cluster")), "slo"),),
)
