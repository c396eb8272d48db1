"""Makes a golden set of a collection that there is: queries from among its records, and what is exactly nearest.

Every record is read once and compared with every query. Queries are records, evenly from the whole collection, whose
neighbours lie clearly one behind the other: where two are as good as equally near, either is right, and a recall that
asks for one of them would fall by chance. Errors: StoreError, NoGoldenError.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ragpulse.errors import RagpulseError
from ragpulse.golden import NEAREST, Golden, Query
from ragpulse.golden_search import SPACES, Found, Search, Space

if TYPE_CHECKING:
    from exporters.chroma_store import Store

_CANDIDATES = 2  # for each query that is wanted
_APART = 1e-5  # of the largest distance: ten times what 32-bit floats lose
_TELL_EVERY = 1000


class NoGoldenError(RagpulseError):
    """A collection of which no golden set can be made."""


def read_golden(store: Store, queries: int, tell: Callable[[str], None]) -> Golden:
    """At most so many queries. `tell` hears of each step."""
    collection = store.found()
    if collection is None:
        raise NoGoldenError(f"{store.where}: there is no collection {store.name}")
    identity = store.identity(collection)
    records = store.count(identity)
    if records <= NEAREST:
        raise NoGoldenError(f"{store.where}: {store.name} holds {records} records; at least {NEAREST + 1} are needed")
    places = _spread(records, _CANDIDATES * queries)
    vectors = [vector for place in places for _, vector in store.some(identity, place, 1)]
    search = Search(vectors, _space(store, collection), NEAREST + 1)
    for number, (each, vector) in enumerate(store.records(identity)):
        search.add(each, vector)
        if number % _TELL_EVERY == 0:
            tell(f"{store.name}: {number} of {records} records compared")
    clear = [(vector, found) for vector, found in search.found() if _is_clear(found)]
    if not clear:
        raise NoGoldenError(f"{store.where}: the records of {store.name} are too alike: none has clear neighbours")
    return Golden(
        tuple(
            Query(vector, tuple(one.id for one in found[:NEAREST]), tuple(one.distance for one in found[:NEAREST]))
            for vector, found in (clear[place] for place in _spread(len(clear), queries))
        )
    )


def _spread(places: int, most: int) -> list[int]:
    """At most so many places, evenly from all."""
    count = min(places, most)
    return [number * places // count for number in range(count)]


def _is_clear(found: list[Found]) -> bool:
    """The one behind the last counts too: it could stand in its place."""
    least = _APART * abs(found[-1].distance)
    return all(other.distance - one.distance > least for one, other in itertools.pairwise(found))


def _space(store: Store, collection: Mapping[str, Any]) -> Space:
    """0.5.x goes by the metadata and describes a default beside it; 1.x describes what it goes by."""
    metadata, described = collection.get("metadata"), collection.get("configuration_json")
    said = (metadata if isinstance(metadata, dict) else {}).get("hnsw:space")
    for part in (described if isinstance(described, dict) else {}).values():
        if said is None and isinstance(part, dict):
            said = part.get("space")
    if said not in SPACES:
        raise NoGoldenError(f"{store.where}: its distance is none that is known here: {', '.join(SPACES)}")
    space: Space = said
    return space
