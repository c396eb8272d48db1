"""A window in slices of equal length: of each objective what was good and all of it, so that a report can say when.

From the same recorded good and total as the whole. A slice in which nothing was measured is left out, not zero.
Errors: Unavailable.
"""

from collections import defaultdict
from dataclasses import dataclass
from math import floor

from ragpulse import recorded
from ragpulse.inventory import Cluster
from ragpulse.overview.answers import Key
from ragpulse.overview.http_json import together
from ragpulse.overview.prometheus_api import PrometheusApi, Series
from ragpulse.promql import summed_over
from ragpulse.report.window import Window

_HOUR = 3600.0
# The longest is an hour for as long as a month: what is asked of Prometheus stays small.
_LENGTHS = (60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, _HOUR)
_MOST = 750


@dataclass(frozen=True, slots=True)
class Slice:
    """From `end` - length to `end`, in Unix seconds; good and total in events, or in seconds."""

    end: float
    good: float
    total: float

    @property
    def bad(self) -> float:
        return self.total - self.good

    @property
    def value(self) -> float:
        return self.good / self.total


@dataclass(frozen=True, slots=True)
class Worst:
    """The stretch of `seconds`, up to `end`, with the most that was bad: so much of so much."""

    end: float
    seconds: float
    bad: float
    total: float


def length(window: Window, scrape_interval: float) -> float:
    """Seconds of a slice: as short as is useful, several scrapes long, and not too many of them."""
    shortest = max(window.seconds / _MOST, 2 * scrape_interval)
    return next((each for each in _LENGTHS if each >= shortest), _HOUR * -(-shortest // _HOUR))


def ends(window: Window, seconds: float) -> tuple[float, float]:
    """Of the first slice and of the last: whole slices, counted from the end."""
    count = max(1, floor(window.seconds / seconds + 1e-9))
    return window.end - (count - 1) * seconds, window.end


async def slices(cluster: Cluster, prometheus: PrometheusApi, window: Window) -> dict[Key, tuple[Slice, ...]]:
    interval, short = cluster.monitoring.scrape_interval, recorded.short_window(cluster)
    seconds = length(window, interval)
    first, last = ends(window, seconds)
    goods, totals = await together(
        prometheus.over(summed_over(name, seconds), first, last, seconds)
        for name in (recorded.slo_good(short), recorded.slo_total(short))
    )
    good = _by_key(goods)
    return {
        key: tuple(
            Slice(at, good.get(key, {}).get(at, 0.0) * interval, amount * interval)
            for at, amount in points.items()
            if amount > 0
        )
        for key, points in _by_key(totals).items()
    }


def worst(found: tuple[Slice, ...], window: Window, seconds: float) -> Worst | None:
    """The worst hour, or the worst slice where that is longer; None of a window of no more than one, or without bad."""
    stretch = max(_HOUR, seconds)
    if window.seconds <= stretch:
        return None
    stretches: dict[int, list[Slice]] = defaultdict(list)
    for each in found:
        stretches[round((window.end - each.end) // stretch)].append(each)
    sums = [
        Worst(window.end - index * stretch, stretch, sum(one.bad for one in group), sum(one.total for one in group))
        for index, group in stretches.items()
    ]
    most = max(sums, key=lambda one: one.bad, default=None)
    return most if most is not None and most.bad > 0 else None


def _by_key(found: list[Series]) -> dict[Key, dict[float, float]]:
    return {
        (one.labels.get("slo", ""), one.labels.get("service", ""), one.labels.get("check", "")): dict(one.points)
        for one in found
    }
