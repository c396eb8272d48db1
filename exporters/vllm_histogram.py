"""One histogram of a page, bucket by bucket with its own edges. Errors: SourceError when its lines do not fit."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from exporters.source import SourceError
from exporters.vllm_text import Series


@dataclass(slots=True)
class Histogram:
    """`edges`: upper edge → how many are not above it."""

    edges: dict[float, float] = field(default_factory=dict)
    total: float = math.nan
    count: float = math.nan


def histogram(name: str, lines: Iterable[Series]) -> Histogram:
    found = Histogram()
    for part, labels, value in lines:
        if part == "_sum":
            found.total = value
        elif part == "_count":
            found.count = value
        else:
            edge = _edge(name, labels.said.get("le", ""))
            if edge in found.edges:
                raise SourceError(f"GET /metrics: {name} has an edge twice")
            found.edges[edge] = value
    if not _adds_up(found):
        raise SourceError(f"GET /metrics: the buckets, sum and count of {name} do not fit each other")
    return found


def _adds_up(found: Histogram) -> bool:
    edges, counts = list(found.edges), list(found.edges.values())
    return (
        edges[-1:] == [math.inf]
        and edges == sorted(edges)
        and counts == sorted(counts)
        and counts[-1] == found.count
        and not math.isnan(found.total)
    )


def _edge(name: str, text: str) -> float:
    try:
        edge = float(text)
    except ValueError:
        edge = math.nan
    if math.isnan(edge):
        raise SourceError(f"GET /metrics: a bucket of {name} has no upper edge")
    return edge
