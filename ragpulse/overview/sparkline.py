"""A history as a small line with its objective, ready for SVG; gaps in the data stay gaps in the line."""

from collections.abc import Callable
from dataclasses import dataclass

from ragpulse.overview.facts import History
from ragpulse.overview.svg_path import Dot, path, runs

WIDTH, HEIGHT = 160, 36
_PAD = 4.0  # room for the stroke at the top and the bottom
_LEAST_SPAN = 0.002  # of the larger value: a line that hardly moves is not blown up to drama


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

    drawn = [[dot(point) for point in run] for run in runs(history)]
    between = " to ".join(dict.fromkeys((say(min(values)), say(max(values)))))
    return Sparkline(
        width=WIDTH,
        height=HEIGHT,
        line=" ".join(path(run) for run in drawn),
        last=path(drawn[-1][-1:]),
        objective=y(objective),
        between=between,
        words=f"last hour: {between}; objective {say(objective)}",
    )
