"""By how much did a counter grow in each step of a window, and what was a gauge in each?

Exact, unlike Prometheus's own `increase`, which extrapolates to the ends of its range: with a step of one scrape, the
growth of a histogram's sum over that of its count is the duration of the one probe that ran in it, to the microsecond,
however coarse the buckets are.
"""

from collections.abc import Iterable
from math import isfinite

from ragpulse.overview.prometheus_api import Point
from ragpulse.report.window import Window

_DIGITS = 7  # behind the point: a tenth of a microsecond, and short numbers in a saved report


def held(points: Iterable[Point], window: Window) -> tuple[list[float], list[float]]:
    """Of a gauge: what it was at the end of each step, and whether it was anything (1, else 0)."""
    amount, of = [0.0] * window.steps, [0.0] * window.steps
    for time, value in points:
        if 0 < (index := window.index(time)) <= window.steps:
            amount[index - 1], of[index - 1] = round(value, _DIGITS), 1.0
    return amount, of


def growth(points: Iterable[Point], window: Window) -> list[float]:
    """A counter that falls was born anew. What grew while it could not be seen stands where it was seen again."""
    steps = [0.0] * window.steps
    last: float | None = None
    for time, value in sorted(points):
        index = window.index(time)
        if last is not None and 0 < index <= window.steps:
            grown = round(value - last if value >= last else value, _DIGITS)
            steps[index - 1] += grown if isfinite(grown) and grown > 0 else 0.0
        last = value
    return steps
