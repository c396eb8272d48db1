"""Plots of a target as SVG path data, drawn here: a report is one file that loads nothing and runs nothing.

Attained over time with the objective, and what was left of the budget after each slice. A gap in what was measured is
a gap in the line.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ragpulse.overview.quantities import quantity
from ragpulse.report.account import Target
from ragpulse.report.window import Window

WIDTH, HEIGHT = 560, 120
_PAD = 8.0
_LEAST_SPAN = 0.002  # a line that hardly moves is not blown up to drama

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Plot:
    """line: path data. objective: its height. words: all of it in words."""

    title: str
    line: str
    objective: float
    words: str


def plots(target: Target, window: Window, slice_seconds: float) -> Iterator[Plot]:
    found, objective = target.attained, target.attained.objective
    if len(target.slices) < 2:  # noqa: PLR2004 - of one there is no line
        return
    area = _Area(window, 1.5 * slice_seconds)

    def in_unit(value: float) -> str:
        return quantity(value, objective.unit)

    yield area.plot("attained", [(each.end, each.value) for each in target.slices], objective.value, in_unit)
    if found.budget is not None:
        yield area.plot("budget left", list(burn_down(target)), 0.0, _percent)


def burn_down(target: Target) -> Iterator[Point]:
    """The share of the window's budget that is left after each slice."""
    allowed = (1 - target.attained.objective.value) * sum(each.total for each in target.slices)
    bad = 0.0
    for each in target.slices:
        bad += each.bad
        yield each.end, 1 - bad / allowed


@dataclass(frozen=True, slots=True)
class _Area:
    """longest: seconds between two points that are joined."""

    window: Window
    longest: float

    def plot(self, title: str, points: Sequence[Point], objective: float, say: Callable[[float], str]) -> Plot:
        values = [value for _, value in points]
        low, high = min(*values, objective), max(*values, objective)
        missing = max(0.0, _LEAST_SPAN * max(abs(low), abs(high), 1e-9) - (high - low)) / 2
        low, high = low - missing, high + missing

        def y(value: float) -> float:
            return round(_PAD + (high - value) / (high - low) * (HEIGHT - 2 * _PAD), 1)

        def x(time: float) -> float:
            return round((time - self.window.start) / self.window.seconds * WIDTH, 1)

        parts = [f"M{x(points[0][0])} {y(points[0][1])}"]
        for (earlier, _), (time, value) in pairwise(points):
            parts.append(f"{'M' if time - earlier > self.longest else 'L'}{x(time)} {y(value)}")
        words = f"{title}: from {say(min(values))} to {say(max(values))}, at the end {say(values[-1])}"
        return Plot(title, "".join(parts), y(objective), words)


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %"
