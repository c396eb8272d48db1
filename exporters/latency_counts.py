"""The counters behind one latency histogram of ours; not locked, for its owner guards more than this. Seconds."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from math import inf

from ragpulse.metric import LATENCY_EDGES


class LatencyCounts:
    def __init__(self) -> None:
        self._in_bucket = [0] * (len(LATENCY_EDGES) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        self._in_bucket[bisect_left(LATENCY_EDGES, seconds)] += 1
        self.seconds += seconds

    def cumulative(self) -> Iterator[tuple[float, int]]:
        """(upper edge, observations at or below it), +Inf last: what `Metric.buckets` takes."""
        return zip((*LATENCY_EDGES, inf), accumulate(self._in_bucket), strict=True)
