"""Does ChromaDB answer (heartbeat), can it work (tenant: token and database), does it find (query)?

Source: its v2 API. A locked database leaves the heartbeat well and everything else hanging, so the two are apart.
A query asks a configured collection for the one record nearest to a fixed unit vector; nothing is ever written,
because collections that are made and deleted leak disk space in every version.

A query is cold when it is the first good one since nobody listened there, or since its collection became another one:
it loads the index, which takes the longer the larger it is, and says nothing of how Chroma answers. It is counted by
itself and nowhere else; one that fails has failed like any other. What happened before this agent's first look, and a
restart between two looks, nobody has seen: such a query counts as any.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exporters import chroma_api
from exporters.chroma_collection import look_up, unit_vector
from exporters.http_client import Answer, HttpClient, Unanswered
from exporters.probe import Checks, Plan, ServiceProbe
from ragpulse.catalogue.chroma import COLD_QUERIES, COLD_QUERY_SECONDS
from ragpulse.metric import Metric, Sample

if TYPE_CHECKING:
    from ragpulse.services import Chroma


class ChromaProbe(ServiceProbe):
    emits: tuple[Metric, ...] = (*ServiceProbe.emits, COLD_QUERIES, COLD_QUERY_SECONDS)

    def __init__(self, plan: Plan, chroma: Chroma) -> None:
        client = chroma_api.client(chroma, plan.request_timeout)
        self._service = plan.service
        self._query = (
            _Query(client, chroma, chroma.query.collection, plan.request_timeout) if chroma.query is not None else None
        )
        checks: Checks = {
            "heartbeat": self._heartbeat,
            "ready": lambda: chroma_api.ready(client, chroma),
            **({"query": self._query.ask} if self._query is not None else {}),
        }
        super().__init__(plan, client, checks, ready_when="ready")

    def counters(self) -> Iterator[Sample]:
        yield from super().counters()
        if self._query is not None:
            yield COLD_QUERIES(self._query.colds, service=self._service)
            yield COLD_QUERY_SECONDS(self._query.cold_seconds, service=self._service)

    def _heartbeat(self) -> Answer:
        try:
            return chroma_api.heartbeat(self._client)
        except Unanswered as failure:
            if self._query is not None and failure.reason == "connect":
                self._query.is_cold = True
            raise


@dataclass(frozen=True, slots=True)
class _Collection:
    path: str
    question: dict[str, Any]


class _Query:
    """Looks the collection up once and keeps its id; whatever goes wrong with it, the next run looks it up anew."""

    def __init__(self, client: HttpClient, chroma: Chroma, name: str, timeout: float) -> None:
        self._client = client
        self._chroma = chroma
        self._name = name
        self._timeout = timeout
        self._known: _Collection | None = None
        self._asked_last = ""
        self.is_cold = False
        self.colds = 0
        self.cold_seconds = 0.0

    def ask(self) -> Answer | None:
        """The answer to the last query alone is timed; all that it takes shares one time limit. None: it was cold.

        A collection that was made anew or restored has another id or dimension than the one that is known: it is
        looked up and asked again before anything is called wrong.
        """
        ends = time.perf_counter() + self._timeout
        found, self._known = self._known, None  # kept again when all went well
        answer = self._query(found, ends) if found else None
        if found is None or answer is None or answer.status in chroma_api.NO_SUCH:
            found = self._look_up(ends)
            answer = self._query(found, ends)
        chroma_api.with_key(answer.expect(), "distances")
        is_cold = self.is_cold or self._asked_last not in ("", found.path)
        self._known, self._asked_last, self.is_cold = found, found.path, False
        if not is_cold:
            return answer
        self.colds += 1
        self.cold_seconds += answer.seconds
        return None

    def _query(self, collection: _Collection, ends: float) -> Answer:
        left = ends - time.perf_counter()
        return self._client.request("POST", collection.path, json_body=collection.question, timeout=left)

    def _look_up(self, ends: float) -> _Collection:
        found = look_up(self._client, self._chroma, self._name, ends - time.perf_counter())
        vector = unit_vector(found.dimension)
        return _Collection(found.path, {"query_embeddings": [vector], "n_results": 1, "include": ["distances"]})
