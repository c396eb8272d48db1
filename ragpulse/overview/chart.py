"""Lines of all nodes in one box from 0 to 1, ready for SVG. Each has a number, by which the style sheet gives it a
colour and dashes of its own: who cannot tell the colours apart can tell the lines apart.
"""

from dataclasses import dataclass

from ragpulse.overview.facts import Curve, History
from ragpulse.overview.quantities import quantity
from ragpulse.overview.svg_path import path, runs

WIDTH, HEIGHT = 320, 90
_PAD = 3.0  # room for the stroke at the top and the bottom


@dataclass(frozen=True, slots=True)
class ChartLine:
    """`now`: its last value in words, or that there is none."""

    name: str
    path: str
    now: str


@dataclass(frozen=True, slots=True)
class Chart:
    """grid: heights of 0, a half and the whole. words: all of it, for those who cannot see it."""

    width: int
    height: int
    grid: tuple[float, ...]
    lines: tuple[ChartLine, ...]
    words: str


def chart(curve: Curve) -> Chart:
    lines = tuple(
        ChartLine(name, " ".join(_drawn(history)), _now(history)) for name, history in curve.lines if history.points
    )
    said = ", ".join(f"{line.name} {line.now}" for line in lines)
    return Chart(WIDTH, HEIGHT, (_y(0), _y(0.5), _y(1)), lines, f"{curve.title}, last hour; now: {said}")


def _drawn(history: History) -> list[str]:
    length = history.end - history.start
    return [
        path([(round((time - history.start) / length * WIDTH, 1), _y(value)) for time, value in run])
        for run in runs(history)
    ]


def _now(history: History) -> str:
    time, value = history.points[-1]
    return quantity(value, "ratio") if history.end - time <= 1.5 * history.step else "unknown"


def _y(value: float) -> float:
    return round(_PAD + (1 - min(max(value, 0.0), 1.0)) * (HEIGHT - 2 * _PAD), 1)
