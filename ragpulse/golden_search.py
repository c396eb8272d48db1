"""Which records are nearest to a vector, exactly? Every record is compared, one after the other, in plain Python.

Distances as Chroma tells them: `l2` squared, `cosine` and `ip` as 1 minus the cosine or the product.
"""

import bisect
import math
from collections.abc import Callable, Iterator, Sequence
from operator import mul
from typing import Literal, NamedTuple, get_args

Vector = tuple[float, ...]
Space = Literal["l2", "cosine", "ip"]
SPACES: tuple[str, ...] = get_args(Space)


class Found(NamedTuple):
    """In the order of distance; of equal ones the first by name."""

    distance: float
    id: str


class Search:
    """Takes records one by one and keeps the `keep` nearest to each of `vectors`."""

    def __init__(self, vectors: Sequence[Vector], space: Space, keep: int) -> None:
        self._vectors = vectors
        self._prepare, self._distance = _WAYS[space]
        self._prepared = [self._prepare(vector) for vector in vectors]
        self._nearest: list[list[Found]] = [[] for _ in vectors]
        self._keep = keep

    def add(self, identity: str, vector: Vector) -> None:
        record = self._prepare(vector)
        for query, nearest in zip(self._prepared, self._nearest, strict=True):
            found = Found(self._distance(query, record), identity)
            if len(nearest) < self._keep or found < nearest[-1]:
                bisect.insort(nearest, found)
                del nearest[self._keep :]

    def found(self) -> Iterator[tuple[Vector, list[Found]]]:
        """Each vector with its nearest, the nearest first."""
        return zip(self._vectors, self._nearest, strict=True)


def _unit(vector: Vector) -> Vector:
    length = math.hypot(*vector) or 1.0
    return tuple(part / length for part in vector)


def _as_it_is(vector: Vector) -> Vector:
    return vector


def _squared(one: Vector, other: Vector) -> float:
    return math.dist(one, other) ** 2


def _of_units(one: Vector, other: Vector) -> float:
    """1 minus the cosine, and exact also where that is almost 0."""
    return math.dist(one, other) ** 2 / 2


def _product(one: Vector, other: Vector) -> float:
    product: float = sum(map(mul, one, other))
    return 1.0 - product


_WAYS: dict[Space, tuple[Callable[[Vector], Vector], Callable[[Vector, Vector], float]]] = {
    "l2": (_as_it_is, _squared),
    "cosine": (_unit, _of_units),
    "ip": (_as_it_is, _product),
}
