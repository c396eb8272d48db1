"""Each target over a window: how many events, what share of them was good, and is the objective met?

From the recorded good and total of `ragpulse.recorded`, added up: an hour in which nobody asked weighs nothing, and
of minutes that nobody measured nothing is claimed. Errors: Unavailable.
"""

import asyncio
from dataclasses import dataclass
from typing import Literal

from ragpulse import recorded
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective, objectives
from ragpulse.overview.answers import Key, key
from ragpulse.overview.http_json import unanswered
from ragpulse.overview.prometheus_api import PrometheusApi, Series
from ragpulse.promql import series
from ragpulse.report.window import Window
from ragpulse.units import human_duration, prometheus_duration

_MEASURED_AT_LEAST = 0.5  # of the window, else: learning
_DEMAND_AT_LEAST = 60.0  # seconds
_BAD_AT_LEAST = 2  # one lost probe is no verdict


Events = Literal["events", "demand seconds", "GPU seconds"]


@dataclass(frozen=True, slots=True)
class Attained:
    """events: of what is judged, in `of`; None where nothing is known of them. value: in the objective's unit."""

    objective: Objective
    events: float | None
    of: Events
    value: float | None
    verdict: Literal["met", "missed", "not judgeable"]
    why: str


@dataclass(frozen=True, slots=True)
class _Sums:
    """Of one objective over a window: good and all of it, and how long anything of it was recorded, in seconds."""

    good: float
    total: float
    recorded: float


async def attained(cluster: Cluster, prometheus: PrometheusApi, window: Window) -> tuple[Attained, ...]:
    sums = await _sums(cluster, prometheus, window)
    return tuple(_attained(objective, sums.get(key(objective)), window) for objective in objectives(cluster))


async def _sums(cluster: Cluster, prometheus: PrometheusApi, window: Window) -> dict[Key, _Sums]:
    short, interval = recorded.short_window(cluster), cluster.monitoring.scrape_interval
    good, total = series(recorded.slo_good(short)), series(recorded.slo_total(short))
    over = f"[{prometheus_duration(window.seconds)}]"
    expressions = (
        # Where nothing was good there may be no such series.
        f"sum_over_time({good}{over})", f"sum_over_time({total}{over})", f"count_over_time({total}{over})",
    )  # fmt: skip
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(prometheus.over(expression, window.end, window.end, window.step))
                for expression in expressions
            ]
    except ExceptionGroup as errors:
        raise (unanswered(errors) or errors) from errors
    goods, totals, counts = (_by_key(task.result()) for task in tasks)
    return {
        name: _Sums(goods.get(name, 0.0) * interval, amount * interval, counts.get(name, 0.0) * interval)
        for name, amount in totals.items()
    }


def _by_key(found: list[Series]) -> dict[Key, float]:
    return {
        (one.labels.get("slo", ""), one.labels.get("service", ""), one.labels.get("check", "")): one.points[-1][1]
        for one in found
        if one.points
    }


def _attained(objective: Objective, sums: _Sums | None, window: Window) -> Attained:
    of = _judged_by(objective)
    if sums is None or objective.unmeasured:
        return Attained(objective, None, of, None, "not judgeable", objective.unmeasured or _nothing(objective))
    value = sums.good / sums.total if sums.total > 0 else None
    why = _why_not(objective, sums, value, window)
    if why or value is None:
        return Attained(objective, sums.total, of, value, "not judgeable", why)
    return Attained(objective, sums.total, of, value, "met" if value >= objective.value else "missed", "")


def _judged_by(objective: Objective) -> Events:
    if objective.slo == "throughput":
        return "demand seconds"
    return "GPU seconds" if objective.slo == "gpu_utilization" else "events"


def _nothing(objective: Objective) -> str:
    return (
        "no request waited for long enough"
        if objective.slo == "gpu_utilization"
        else "nothing was recorded in this time"
    )


def _why_not(objective: Objective, sums: _Sums, value: float | None, window: Window) -> str:
    if value is None:
        return "no demand: no request waited" if objective.slo == "throughput" else "no traffic"
    if objective.unit != "ratio" or objective.slo == "gpu_utilization":
        if sums.total < _DEMAND_AT_LEAST:
            return f"requests waited for {human_duration(sums.total)} only"
        return ""
    if sums.recorded < _MEASURED_AT_LEAST * window.seconds:
        return f"learning: measured for {human_duration(sums.recorded)} of {human_duration(window.seconds)}"
    bad = sums.total - sums.good
    if value < objective.value and round(bad) < _BAD_AT_LEAST:
        enough = round(_BAD_AT_LEAST / (1 - objective.value)) if objective.value < 1 else None
        return f"{bad:.0f} of {sums.total:.0f} failed: too few to tell" + (f", from {enough} on" if enough else "")
    return ""
