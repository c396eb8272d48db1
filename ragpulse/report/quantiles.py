"""p50, p95 and p99 from the buckets of a histogram, each with the edges between which it lies for certain.

Between the edges the events are taken as evenly spread, as Prometheus's `histogram_quantile` does. Above the last
finite edge nothing is known but that: the value is the edge, and there is no upper end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}

Bucket = tuple[float, float]  # upper edge, events at or below it


@dataclass(frozen=True, slots=True)
class Quantile:
    value: float
    at_least: float
    at_most: float | None


def quantiles(buckets: Sequence[Bucket]) -> dict[str, Quantile]:
    """Of cumulative buckets; none where nothing was counted. A count that falls is the rounding of the one before."""
    ordered = sorted(buckets)
    edges = [edge for edge, _ in ordered]
    counts = list(accumulate((count for _, count in ordered), max))
    if not counts or counts[-1] <= 0:
        return {}
    return {name: _quantile(share * counts[-1], edges, counts) for name, share in SHARES.items()}


def _quantile(rank: float, edges: Sequence[float], counts: Sequence[float]) -> Quantile:
    index = next(index for index, count in enumerate(counts) if count >= rank)
    lower, below = (edges[index - 1], counts[index - 1]) if index else (0.0, 0.0)
    if edges[index] == inf:
        return Quantile(lower, lower, None)
    within = (rank - below) / (counts[index] - below)
    return Quantile(lower + (edges[index] - lower) * within, lower, edges[index])
