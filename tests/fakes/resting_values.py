"""How a series of a cluster at rest goes on, in promtool's notation: still, growing, in teeth, along a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Pace:
    """steps: how many values follow the first; step: seconds between two of them."""

    steps: int
    step: int

    def still(self, value: float) -> str:
        return f"{number(value)}x{self.steps}"

    def grows(self, per_second: float, start: float = 0) -> str:
        return f"{number(start)}+{number(per_second * self.step)}x{self.steps}"

    def teeth(self, first: float, last: float, every: float) -> str:
        """From the first value evenly to the last, and at once back to the first, over and over."""
        return self._written(first + (last - first) * (moment % every) / every for moment in self._moments())

    def line(self, *points: tuple[float, float]) -> str:
        """Straight from each (second, value) to the next; before the first and after the last as these."""
        return self._written(_between(points, moment) for moment in self._moments())

    def _moments(self) -> range:
        return range(0, (self.steps + 1) * self.step, self.step)

    @staticmethod
    def _written(values: Iterator[float]) -> str:
        return " ".join(map(number, values))


def number(value: float) -> str:
    """Without an exponent, whose sign would begin a step."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _between(points: tuple[tuple[float, float], ...], moment: float) -> float:
    for (begin, first), (end, last) in pairwise(points):
        if begin <= moment < end:
            return first + (last - first) * (moment - begin) / (end - begin)
    return points[0][1] if moment < points[0][0] else points[-1][1]
