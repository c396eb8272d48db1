"""A history as a small line with its objective, ready for SVG; gaps in the data stay gaps in the line."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ragpulse.overview.facts import History

WIDTH, HEIGHT = 160, 36
_PAD = 4.0  # room for the stroke at the top and the bottom
_LEAST_SPAN = 0.002  # of the larger value: a line that hardly moves is not blown up to drama

Dot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sparkline:
    """SVG path data in a box of `width` x `height`: the line, its last point, the height of the objective.

    between: the values in words. words: all of it in words, for those who cannot see it.
    """

    width: int
    height: int
    line: str
    last: str
    objective: float
    between: str
    words: str


def sparkline(history: History, objective: float, say: Callable[[float], str]) -> Sparkline | None:
    """None without points. `say` puts a value into words."""
    if not history.points:
        return None
    values = [value for _, value in history.points]
    low, high = min(*values, objective), max(*values, objective)
    missing = max(0.0, _LEAST_SPAN * max(abs(high), abs(low), 1e-9) - (high - low)) / 2
    low, high = low - missing, high + missing

    def y(value: float) -> float:
        return round(_PAD + (high - value) / (high - low) * (HEIGHT - 2 * _PAD), 1)

    def dot(point: Dot) -> Dot:
        return round((point[0] - history.start) / (history.end - history.start) * WIDTH, 1), y(point[1])

    runs = [[dot(point) for point in run] for run in _runs(history.points, 1.5 * history.step)]
    between = " to ".join(dict.fromkeys((say(min(values)), say(max(values)))))
    return Sparkline(
        width=WIDTH,
        height=HEIGHT,
        line=" ".join(_path(run) for run in runs),
        last=_path(runs[-1][-1:]),
        objective=y(objective),
        between=between,
        words=f"last hour: {between}; objective {say(objective)}",
    )


def _runs(points: Sequence[Dot], longest_step: float) -> list[list[Dot]]:
    runs = [[points[0]]]
    for before, point in itertools.pairwise(points):
        if point[0] - before[0] > longest_step:
            runs.append([])
        runs[-1].append(point)
    return runs


def _path(run: list[Dot]) -> str:
    """Points inside a level stretch add nothing; a single point is a dot: a line of no length with round ends."""
    bends = [
        dot
        for index, dot in enumerate(run)
        if index in {0, len(run) - 1} or not run[index - 1][1] == dot[1] == run[index + 1][1]
    ]
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in bends) + ("h0" if len(bends) == 1 else "")
