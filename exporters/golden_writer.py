"""Writes our own golden set into a collection of its own, once; what is missing of it is added, nothing is deleted.

A collection bears our mark from the moment when it is made, so that one that was left half-written is known again, and
nothing is ever written into another. Errors: StoreError, NotOursError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exporters.chroma_store import Store, StoreError
from ragpulse import golden
from ragpulse.errors import RagpulseError
from ragpulse.golden_search import Vector

_AT_ONCE = 250  # records of a request; fewer where the server takes fewer
# So wide a search finds everything in an index of a thousand: less than a recall of 1 is a fault, and not its accuracy.
_METADATA = {
    golden.MARK: golden.SET,
    "hnsw:space": "l2",
    "hnsw:construction_ef": 200,
    "hnsw:search_ef": 200,
}


class NotOursError(RagpulseError):
    """A collection of that name is somebody else's, or holds what we did not write."""


def write_golden(store: Store, tell: Callable[[str], None]) -> int:
    """How many records were added. `tell` hears of each step."""
    wanted = golden.own_records()
    collection = store.found()
    if collection is None:
        tell(f"making the collection {store.name}")
        collection = store.make(_METADATA)
    elif not golden.is_own(collection):
        raise NotOursError(
            f"{store.where}: the collection {store.name} is not one that ragpulse has made, and nothing was written;"
            " name another under canary.collection"
        )
    identity = store.identity(collection)
    present = set(store.ids(identity))
    if strange := len(present - wanted.keys()):
        raise NotOursError(
            f"{store.where}: the collection {store.name} holds records that are not of the golden set ({strange}), and"
            " nothing was written; delete them, or name another collection under canary.collection"
        )
    missing = [each for each in wanted if each not in present]
    if missing:
        _add(store, identity, {each: wanted[each] for each in missing}, tell)
    return len(missing)


def _add(store: Store, identity: str, records: Mapping[str, Vector], tell: Callable[[str], None]) -> None:
    left, at_once = list(records), min(_AT_ONCE, store.most_at_once())
    while left:
        batch, left = left[:at_once], left[at_once:]
        store.add(identity, {each: records[each] for each in batch})
        tell(f"{store.name}: {golden.RECORDS - len(left)} of {golden.RECORDS} records")
    if (count := store.count(identity)) != golden.RECORDS:
        raise StoreError(f"{store.where}: {store.name} holds {count} records after all were written; run this again")
