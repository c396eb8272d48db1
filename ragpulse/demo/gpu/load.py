"""What a simulated GPU does over time: phases that follow each other and begin again, each with values by name.

The names are the scenario's own (`utilization`, `watts`); one that a phase does not give is 0 there. Seconds since the
scenario began; times before that belong to the same cycle. Errors: ValueError for a load without any time.
"""

import bisect
import itertools
from collections.abc import Sequence
from typing import Any, Protocol

Phase = dict[str, float]  # `seconds`, and a value for each name


class Course(Protocol):
    """What goes on over time: a load, or what somebody tells meanwhile."""

    def value(self, name: str, at: float) -> float: ...
    def total(self, name: str, at: float) -> float: ...
    def mean(self, name: str, start: float, end: float) -> float: ...


class Load:
    """`since`: from when on; `before` tells what was until then, so that counters never jump."""

    def __init__(self, phases: Sequence[Phase], since: float = 0.0, before: Course | None = None) -> None:
        self.phases = [dict(phase) for phase in phases]
        self.since = since
        self.before = before
        self._ends = list(itertools.accumulate(phase["seconds"] for phase in self.phases))
        if not self._ends or self._ends[-1] <= 0:
            raise ValueError("a load needs at least one phase that lasts")
        self._sums: dict[str, list[float]] = {}

    def value(self, name: str, at: float) -> float:
        """Of the moment; at the end of a phase the next one has begun."""
        if self.before is not None and at < self.since:
            return self.before.value(name, at)
        into = (at - self.since) % self._ends[-1]
        return self.phases[min(bisect.bisect_right(self._ends, into), len(self.phases) - 1)].get(name, 0.0)

    def total(self, name: str, at: float) -> float:
        """The integral of a value since the scenario began."""
        if self.before is None:
            return self._integral(name, at - self.since) - self._integral(name, -self.since)
        if at < self.since:
            return self.before.total(name, at)
        return self.before.total(name, self.since) + self._integral(name, at - self.since)

    def mean(self, name: str, start: float, end: float) -> float:
        if end <= start:
            return self.value(name, end)
        return (self.total(name, end) - self.total(name, start)) / (end - start)

    def _integral(self, name: str, seconds: float) -> float:
        sums = self._sums.get(name)
        if sums is None:
            parts = (phase["seconds"] * phase.get(name, 0.0) for phase in self.phases)
            sums = self._sums[name] = [0.0, *itertools.accumulate(parts)]
        cycles, into = divmod(seconds, self._ends[-1])
        index = min(bisect.bisect_right(self._ends, into), len(self.phases) - 1)
        begun = self._ends[index - 1] if index else 0.0
        return cycles * sums[-1] + sums[index] + (into - begun) * self.phases[index].get(name, 0.0)


def number(value: Any, load: Course, at: float) -> float:
    """What a scenario says of a number: the number itself, or how it follows the load.

    `{"now": NAME}` the value of the moment, `{"mean": NAME, "over": S}` of the last S seconds, `{"sum": NAME}` its
    integral; all with `times` (1), `plus` (0) and `wrap` (none: the counter has as many bits as it needs).
    """
    if not isinstance(value, dict):
        return float(value) if isinstance(value, float) else int(value)
    if "now" in value:
        found = load.value(value["now"], at)
    elif "mean" in value:
        found = load.mean(value["mean"], at - value["over"], at)
    else:
        found = load.total(value["sum"], at)
    found = found * value.get("times", 1) + value.get("plus", 0)
    return float(found % value["wrap"] if "wrap" in value else found)
