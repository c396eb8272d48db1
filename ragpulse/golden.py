"""Queries whose nearest neighbours are known exactly, and the set of our own that `ragpulse canary init` writes.

All of our own set follows from one number, so that an agent knows the answers without reading a record. Its vectors
are small integers: every squared distance is a whole number below 2**24, which a server that computes in 32-bit floats
tells exactly, in any order of adding. A distance that is off by anything at all is a fault. It stands in clusters,
one query in each, and every query has its ten nearest in its own: which records they are says whether an index works.

Never change what follows from the seed: whoever has written the set would be told that its index is broken.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ragpulse.golden_search import Search, Vector

NEAREST = 10  # neighbours that are known of each query
FIRST_AND_ALL = (1, NEAREST)  # the k of recall@k
RECORDS, DIMENSION = 1000, 32
DEFAULT_COLLECTION = "ragpulse-canary"
MARK, SET = "ragpulse", "golden set 1"  # key and value in the metadata of a collection of our own

_SEED = 20_016
_CLUSTERS = 50
_APART, _SPREAD = 60, 30  # largest part of a centre, and of what is added to it


@dataclass(frozen=True, slots=True)
class Query:
    """`ids` and `distances` of its exact nearest neighbours, the nearest first."""

    vector: Vector
    ids: tuple[str, ...]
    distances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Golden:
    """At least one query, all of one dimension."""

    queries: tuple[Query, ...]

    @property
    def dimension(self) -> int:
        return len(self.queries[0].vector)

    @property
    def mean_distance(self) -> float:
        """Of their sizes: those of inner products may be below 0."""
        known = [abs(distance) for query in self.queries for distance in query.distances]
        return sum(known) / len(known)


def is_own(collection: Mapping[str, Any]) -> bool:
    """Whether `ragpulse canary init` has made a collection, as Chroma describes it: nothing else is ever written to."""
    metadata = collection.get("metadata")
    return isinstance(metadata, dict) and metadata.get(MARK) == SET


def own_records() -> dict[str, Vector]:
    """Id → vector, the same everywhere and always."""
    return _drawn()[0]


def own() -> Golden:
    """Takes some 50 ms of a processor: ask once."""
    records, queries = _drawn()
    search = Search(queries, "l2", NEAREST)
    for identity, vector in records.items():
        search.add(identity, vector)
    return Golden(
        tuple(
            Query(
                vector, tuple(found.id for found in nearest), tuple(float(round(found.distance)) for found in nearest)
            )
            for vector, nearest in search.found()
        )
    )


def _drawn() -> tuple[dict[str, Vector], list[Vector]]:
    """Records by id, and queries."""
    numbers = random.Random(_SEED)  # noqa: S311 - not a secret
    centres = [tuple(_integers(numbers, _APART)) for _ in range(_CLUSTERS)]
    records = {f"golden-{number:04}": _near(centres[number % _CLUSTERS], numbers) for number in range(RECORDS)}
    return records, [_near(centre, numbers) for centre in centres]


def _near(centre: Vector, numbers: random.Random) -> Vector:
    return tuple(part + added for part, added in zip(centre, _integers(numbers, _SPREAD), strict=True))


def _integers(numbers: random.Random, most: int) -> Iterator[int]:
    """From -most to most. `random()` alone is promised to give the same numbers in every version of Python."""
    return (int(numbers.random() * (2 * most + 1)) - most for _ in range(DIMENSION))
