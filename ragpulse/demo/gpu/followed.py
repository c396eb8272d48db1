"""What a simulated GPU does while somebody else decides it: told now and then, each time from that moment on.

As `load`, but with no phases to come: what was told last goes on. Only the newest minute can be asked for moment by
moment, which is more than any buffer of samples holds; before it, everything was as at its begin. Seconds since the
scenario began.
"""

import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

_KEPT = 60.0


@dataclass(frozen=True, slots=True)
class _Since:
    at: float
    values: Mapping[str, float]
    totals: Mapping[str, float]  # when it began


class Followed:
    """For one thread that tells and any that ask."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self._told: tuple[_Since, ...] = (_Since(0.0, dict(values), {}),)

    def tell(self, at: float, values: Mapping[str, float]) -> None:
        names = self._told[-1].values.keys() | self._told[-1].totals.keys()
        totals = {name: self.total(name, at) for name in names}
        kept = [since for since, after in pairwise(self._told) if after.at > at - _KEPT]
        self._told = (*kept, self._told[-1], _Since(at, dict(values), totals))

    def value(self, name: str, at: float) -> float:
        return self._at(at).values.get(name, 0.0)

    def total(self, name: str, at: float) -> float:
        since = self._at(at)
        return since.totals.get(name, 0.0) + (at - since.at) * since.values.get(name, 0.0)

    def mean(self, name: str, start: float, end: float) -> float:
        if end <= start:
            return self.value(name, end)
        return (self.total(name, end) - self.total(name, start)) / (end - start)

    def _at(self, at: float) -> _Since:
        told = self._told
        return told[max(0, bisect.bisect_right(told, at, key=lambda since: since.at) - 1)]
