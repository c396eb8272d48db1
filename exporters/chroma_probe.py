"""Does ChromaDB answer (heartbeat), can it work (tenant: token and database), does it find (query)?

Source: its v2 API. A locked database leaves the heartbeat well and everything else hanging, so the two are apart.
A query asks a configured collection for the one record nearest to a fixed unit vector; nothing is ever written,
because collections that are made and deleted leak disk space in every version.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exporters import chroma_api
from exporters.chroma_collection import look_up, unit_vector
from exporters.http_client import Answer, HttpClient, WrongAnswer
from exporters.probe import Checks, Plan, ServiceProbe

if TYPE_CHECKING:
    from ragpulse.services import Chroma


def chroma_probe(plan: Plan, chroma: Chroma) -> ServiceProbe:
    client = chroma_api.client(chroma, plan.request_timeout)

    def heartbeat() -> Answer:
        answer = client.get(chroma_api.HEARTBEAT, with_auth=False).expect()
        return _with_key(answer, "nanosecond heartbeat")

    def ready() -> Answer:
        return _with_key(client.get(chroma_api.tenant(chroma)).expect(), "name")

    checks: Checks = {"heartbeat": heartbeat, "ready": ready}
    if chroma.query is not None:
        checks["query"] = _Query(client, chroma, chroma.query.collection, plan.request_timeout).ask
    return ServiceProbe(plan, client, checks, ready_when="ready")


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

    def ask(self) -> Answer:
        """The answer to the last query alone is timed; all that it takes shares one time limit.

        A collection that was made anew or restored has another id or dimension than the one that is known: it is
        looked up and asked again before anything is called wrong.
        """
        ends = time.perf_counter() + self._timeout
        found, self._known = self._known, None  # kept again when all went well
        answer = self._query(found, ends) if found else None
        if answer is None or answer.status in chroma_api.NO_SUCH:
            found = self._look_up(ends)
            answer = self._query(found, ends)
        _with_key(answer.expect(), "distances")
        self._known = found
        return answer

    def _query(self, collection: _Collection, ends: float) -> Answer:
        left = ends - time.perf_counter()
        return self._client.request("POST", collection.path, json_body=collection.question, timeout=left)

    def _look_up(self, ends: float) -> _Collection:
        found = look_up(self._client, self._chroma, self._name, ends - time.perf_counter())
        vector = unit_vector(found.dimension)
        return _Collection(found.path, {"query_embeddings": [vector], "n_results": 1, "include": ["distances"]})


def _with_key(answer: Answer, key: str) -> Answer:
    """A page of something else in front of Chroma also says 200."""
    if key not in answer.mapping():
        raise WrongAnswer("invalid", f"the answer has no {key!r}")
    return answer
