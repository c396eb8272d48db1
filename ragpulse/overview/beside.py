"""What stands beside the verdicts: what changed, all nodes on one axis, and what the error budgets have left.

Asked apart from the verdicts and for the same time: where an answer is missing, only this part is unknown.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

from ragpulse import budget
from ragpulse.inventory import Cluster
from ragpulse.overview import changes
from ragpulse.overview.budgets import Key, Spent
from ragpulse.overview.curves import MEASURES, curves
from ragpulse.overview.facts import Change, Curve
from ragpulse.overview.http_json import unanswered
from ragpulse.overview.prometheus_api import PrometheusApi, Series, by_name
from ragpulse.overview.since import Span
from ragpulse.promql import all_series, instants, last_active

_HOUR, _POINTS = 3600.0, 60
_SCRAPES = 4  # that a rate needs at least
_SEEN_EVERY = 300.0  # seconds between two looks at the day
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    changes: tuple[Change, ...]
    curves: tuple[Curve, ...]
    spent: Spent


async def ask(cluster: Cluster, prometheus: PrometheusApi, now: float) -> Found:
    """Errors: Unavailable when one question goes unanswered."""
    hour, day = _span(now, _HOUR, _HOUR / _POINTS), _span(now, changes.DAY, _SEEN_EVERY)
    windows = sorted({each.budget_window for each in budget.budgeted(cluster) if each.budget_window is not None})
    try:
        async with asyncio.TaskGroup() as group:

            def over(expression: str, span: Span) -> asyncio.Task[list[Series]]:
                return task(prometheus.over(expression, span.start, span.end, span.step))

            def task(question: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
                return group.create_task(question)

            moments = task(prometheus.instant(instants(*changes.MOMENTS)))
            versions = over(instants(*changes.VERSIONS), day)
            alerts = task(prometheus.instant(last_active(changes.DAY, severity=("page", "ticket"))))
            measured = {
                measure: over(measure.expression(max(hour.step, _SCRAPES * cluster.monitoring.scrape_interval)), hour)
                for measure in MEASURES
            }
            burn = budget.burn(budget.pace(cluster))
            seen = {window: budget.measured(window) for window in windows}
            spent = task(prometheus.instant(all_series(budget.BUDGET_LEFT, budget.EXHAUSTION, burn, *seen.values())))
    except ExceptionGroup as errors:
        if reason := unanswered(errors):
            raise reason from errors
        raise
    told = by_name(chain(moments.result(), versions.result()))
    of_budgets = {name: _by_objective(found) for name, found in by_name(spent.result()).items()}
    return Found(
        changes.newest(
            chain(
                *(changes.happened(metric, told.get(metric.name, ()), now) for metric in changes.MOMENTS),
                *(changes.replaced(metric, told.get(metric.name, ())) for metric in changes.VERSIONS),
                changes.alerted(alerts.result()),
            )
        ),
        curves({measure: answer.result() for measure, answer in measured.items()}, hour, tuple(cluster.nodes)),
        Spent(
            left=of_budgets.get(budget.BUDGET_LEFT, {}),
            burn=of_budgets.get(burn, {}),
            lasts=of_budgets.get(budget.EXHAUSTION, {}),
            measured={window: of_budgets.get(name, {}) for window, name in seen.items()},
        ),
    )


def _span(now: float, length: float, step: float) -> Span:
    end = round(now, 3)
    return Span(round(end - length, 3), end, step)


def _by_objective(found: Iterable[Series]) -> dict[Key, float]:
    return {
        (one.labels.get("slo", ""), one.labels.get("service", ""), one.labels.get("check", "")): one.points[-1][1]
        for one in found
    }
