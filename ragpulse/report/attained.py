"""Each target over a window: how many events, what share of them was good, and is the objective met?

From the recorded good and total of `ragpulse.recorded`, added up: an hour in which nobody asked weighs nothing, and
of minutes that nobody measured nothing is claimed. Errors: Unavailable.
"""

from dataclasses import dataclass
from typing import Literal

from ragpulse import recorded
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective, in_demand, objectives
from ragpulse.overview.answers import Key, key
from ragpulse.overview.http_json import together
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
    """events: of what is judged, in `of`; None where nothing is known of them. value: in the objective's unit. budget:
    share of the bad events that the objective allows in this window which is left, below 0 when overdrawn; None where
    the value is no share of events.
    """

    objective: Objective
    events: float | None
    of: Events
    value: float | None
    budget: float | None
    verdict: Literal["met", "missed", "not judgeable"]
    why: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one objective over a window: good and all of it, and how long anything of it was recorded, in seconds."""

    good: float
    total: float
    recorded: float


async def attained(cluster: Cluster, prometheus: PrometheusApi, window: Window) -> tuple[Attained, ...]:
    sums = await _sums(cluster, prometheus, window)
    all_of_them = (*objectives(cluster), *in_demand(cluster))
    return tuple(judged(objective, sums.get(key(objective)), window) for objective in all_of_them)


async def _sums(cluster: Cluster, prometheus: PrometheusApi, window: Window) -> dict[Key, Sums]:
    short, interval = recorded.short_window(cluster), cluster.monitoring.scrape_interval
    good, total = series(recorded.slo_good(short)), series(recorded.slo_total(short))
    over = f"[{prometheus_duration(window.seconds)}]"
    expressions = (
        # Where nothing was good there may be no such series.
        f"sum_over_time({good}{over})", f"sum_over_time({total}{over})", f"count_over_time({total}{over})",
    )  # fmt: skip
    answers = await together(
        prometheus.over(expression, window.end, window.end, window.step) for expression in expressions
    )
    goods, totals, counts = map(_by_key, answers)
    return {
        name: Sums(goods.get(name, 0.0) * interval, amount * interval, counts.get(name, 0.0) * interval)
        for name, amount in totals.items()
    }


def _by_key(found: list[Series]) -> dict[Key, float]:
    return {
        (one.labels.get("slo", ""), one.labels.get("service", ""), one.labels.get("check", "")): one.points[-1][1]
        for one in found
        if one.points
    }


def judged(objective: Objective, sums: Sums | None, window: Window) -> Attained:
    of = _judged_by(objective)
    if sums is None or objective.unmeasured:
        return Attained(objective, None, of, None, None, "not judgeable", objective.unmeasured or _nothing(of))
    if sums.total <= 0:
        return Attained(objective, sums.total, of, None, None, "not judgeable", _nothing(of, known=True))
    value = sums.good / sums.total
    budget = 1 - (1 - value) / (1 - objective.value) if objective.budget_window else None
    if why := _too_few(objective, sums, window) if of == "events" else _too_short(of, sums):
        return Attained(objective, sums.total, of, value, budget, "not judgeable", why)
    return Attained(objective, sums.total, of, value, budget, "met" if value >= objective.value else "missed", "")


def _judged_by(objective: Objective) -> Events:
    if objective.slo == "throughput":
        return "demand seconds"
    return "GPU seconds" if objective.slo == "gpu_utilization" else "events"


def _nothing(of: Events, *, known: bool = False) -> str:
    if of == "GPU seconds":
        return "no request waited for long enough"
    if not known:
        return "nothing was recorded in this time"
    return "no traffic" if of == "events" else "no demand: no request waited"


def _too_short(of: Events, sums: Sums) -> str:
    waited = sums.total if of == "demand seconds" else sums.recorded
    return f"requests waited for {human_duration(waited)} only" if waited < _DEMAND_AT_LEAST else ""


def _too_few(objective: Objective, sums: Sums, window: Window) -> str:
    if sums.recorded < _MEASURED_AT_LEAST * window.seconds:
        return f"learning: measured for {human_duration(sums.recorded)} of {human_duration(window.seconds)}"
    bad = sums.total - sums.good
    if sums.good >= objective.value * sums.total or round(bad) >= _BAD_AT_LEAST:
        return ""
    enough = round(_BAD_AT_LEAST / (1 - objective.value))
    return f"{bad:.0f} bad of {sums.total:.0f} is no verdict; from {enough} events on it can be told"
