"""What does ChromaDB store, does that grow, which version is it, and does it guard its data?

Source: its v2 API, and the names in its data folder, read on the node that it lives on, once a minute: to count a
collection costs Chroma 4 ms, and there may be many. Collections beyond the first 100 by name are counted, but their
records are not; how many are left out is told. What came and went is taken from one look to the next; what changed
before this agent's first look nobody has seen. Errors: SourceError for an answer of a shape that this version does not
know, and for a database that does not exist; a Chroma that cannot be reached or that refuses gives no samples: the
probe tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporters import chroma_api, chroma_files
from exporters.chroma_growth import Growth
from exporters.clocks import MACHINE, Clock
from exporters.http_client import MAX_BODY_BYTES, Answer, Failure
from exporters.label_text import fits_label
from exporters.probe import Plan
from exporters.source import SourceError
from ragpulse.catalogue.agent import SOURCE_DROPPED
from ragpulse.catalogue.chroma import (
    AUTH_ENFORCED,
    COLLECTION_CHANGED,
    COLLECTION_DIMENSION,
    COLLECTION_RECORDS,
    COLLECTIONS,
    INFO,
    RECORDS_GAINED,
    RECORDS_LOST,
)
from ragpulse.metric import Metric, Sample

if TYPE_CHECKING:
    from ragpulse.services import Chroma

MAX_COLLECTIONS = 100
_EVERY = 60.0
_SHARE = 0.9  # of the probe's interval, for all requests of a run together
_REFUSED, _SERVED, _MISSING = (401, 403), 200, 404
# No answer of a 1.x tells more: up to 1.5.9 at least, each of them calls itself 1.0.0 everywhere.
_UNTOLD = {"1.0.0": "1.x (says 1.0.0)"}
_MOST = 2**53  # the largest number that a sample holds exactly


class ChromaSource:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (
        INFO,
        AUTH_ENFORCED,
        COLLECTIONS,
        COLLECTION_RECORDS,
        COLLECTION_DIMENSION,
        COLLECTION_CHANGED,
        RECORDS_GAINED,
        RECORDS_LOST,
        SOURCE_DROPPED,
    )

    def __init__(self, plan: Plan, chroma: Chroma, clock: Clock = MACHINE.wall) -> None:
        self.name = f"chroma:{plan.service}"
        self.interval = max(plan.interval, _EVERY)
        self.timeout = plan.interval
        self._service = plan.service
        self._chroma = chroma
        self._growth = Growth(clock)
        # Where collections are many or slow, the first ones are counted and the rest is left for another time.
        self._client = chroma_api.client(
            chroma, plan.request_timeout, budget=_SHARE * plan.interval, max_body=MAX_BODY_BYTES
        )

    def read(self) -> Iterator[Sample]:
        samples: list[Sample] = []
        with self._client:
            try:
                # What was learned before a failure stays true.
                samples.extend(self._server())
                samples.extend(self._contents())
            except Failure:
                pass
        return iter(samples)

    def counters(self) -> Iterator[Sample]:
        yield RECORDS_GAINED(self._growth.gained, service=self._service)
        yield RECORDS_LOST(self._growth.lost, service=self._service)

    def cut(self) -> None:
        """A look that was cut short has seen nothing come or go."""

    def _server(self) -> Iterator[Sample]:
        version = _known(self._client.get(chroma_api.VERSION, with_auth=False).expect(), str)
        if not fits_label(version):
            raise SourceError("Chroma's version is no text for a label")
        yield INFO(1, service=self._service, version=_UNTOLD.get(version, version), storage=self._storage())
        status = self._client.get(chroma_api.tenant(self._chroma), with_auth=False).status
        if status in _REFUSED:
            yield AUTH_ENFORCED(1, service=self._service)
        elif status == _SERVED:
            yield AUTH_ENFORCED(0, service=self._service)

    def _storage(self) -> str:
        """What cannot be looked at is told by who measures it."""
        if self._chroma.data_dir is None:
            return chroma_files.UNKNOWN_STORAGE
        try:
            return chroma_files.storage(Path(self._chroma.data_dir))
        except SourceError:
            return chroma_files.UNKNOWN_STORAGE

    def _contents(self) -> Iterator[Sample]:
        database = chroma_api.database(self._chroma)
        collections = _count(self._client.get(f"{database}/collections_count").expect())
        # Both generations count what does not exist as empty.
        if collections == 0 and self._client.get(database).status == _MISSING:
            raise SourceError(f"Chroma has no database {self._chroma.database} in tenant {self._chroma.tenant}")
        yield COLLECTIONS(collections, service=self._service)
        entries = _listed(_known(self._client.get(f"{database}/collections").expect(), list))
        shown = sorted(name for name in entries if fits_label(name))[:MAX_COLLECTIONS]
        yield SOURCE_DROPPED(len(entries) - len(shown), source=self.name)
        self._growth.begin({entry["id"] for entry in entries.values()})
        for name in shown:
            yield from self._collection(name, entries[name])

    def _collection(self, name: str, entry: dict[str, Any]) -> Iterator[Sample]:
        labels, identity, dimension = {"service": self._service, "collection": name}, entry["id"], entry["dimension"]
        answer = self._client.get(f"{chroma_api.collection(self._chroma, identity)}/count")
        if answer.status in (400, _MISSING):  # deleted since it was listed
            return
        records = _count(answer.expect())
        self._growth.see(identity, records)
        yield COLLECTION_RECORDS(records, **labels)
        if type(dimension) is int and dimension > 0:
            yield COLLECTION_DIMENSION(dimension, **labels)
        if (changed := self._growth.changed(identity)) is not None:
            yield COLLECTION_CHANGED(changed, **labels)


def _listed(listed: list[Any]) -> dict[str, dict[str, Any]]:
    """Name → what is said of a collection: its id, and its dimension or null."""
    try:
        entries = {entry["name"]: {"id": entry["id"], "dimension": entry.get("dimension")} for entry in listed}
    except (TypeError, KeyError) as error:
        raise SourceError(f"Chroma lists its collections in an unknown shape: {error!r}") from error
    if not all(isinstance(name, str) and chroma_api.is_id(entry["id"]) for name, entry in entries.items()):
        raise SourceError("Chroma lists a collection whose name is no text, or whose id is none")
    return entries


def _count(answer: Answer) -> int:
    found: int = _known(answer, int)
    if not 0 <= found <= _MOST:
        raise SourceError("Chroma answers with a number that counts nothing")
    return found


def _known(answer: Answer, kind: type) -> Any:
    try:
        found = answer.json()
    except Failure as failure:
        raise SourceError(f"Chroma answers in an unknown shape: {failure}") from failure
    if type(found) is not kind:
        raise SourceError(f"Chroma answers with {type(found).__name__} instead of {kind.__name__}")
    return found
