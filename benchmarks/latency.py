"""What do many durations come to? Seconds; percentiles by nearest rank, so that each is one that was seen."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from ragpulse.errors import RagpulseError


def percentile(ordered: Sequence[float], share: float) -> float:
    """`share` in (0, 1]. Errors: RagpulseError for nothing at all."""
    if not ordered:
        raise RagpulseError("nothing was measured: no scrape counts; is the machine starved?")
    return ordered[math.ceil(share * len(ordered)) - 1]


@dataclass(frozen=True, slots=True)
class Latency:
    count: int
    least: float
    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Self:
        """Errors: RagpulseError for nothing at all."""
        ordered = sorted(seconds)
        p50, p99 = percentile(ordered, 0.5), percentile(ordered, 0.99)
        return cls(len(ordered), ordered[0], p50, p99)
