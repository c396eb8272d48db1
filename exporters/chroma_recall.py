"""Does ChromaDB find what is nearest? Golden queries, put to it again and again, and what is exactly nearest to them.

Source: its v2 API: one request for the collection, one with all golden queries (at most 50); nothing is ever written.
The queries are those of the golden file, read anew when it changes, or of the set that `ragpulse canary init` writes,
worked out at the first run. A collection that is missing or damaged is a recall of 0 and a state that says why; a
Chroma that does not answer gives no recall, and a failure of the check `recall`. Errors: SourceError for a golden
file that cannot be used, SecretError.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from exporters import chroma_api, tally
from exporters.golden_kept import GoldenKept
from exporters.http_client import SMALL_BODY_BYTES, Answer, Failure, WrongAnswer
from exporters.recall_score import NOTHING_FOUND, Score, neighbours, score
from exporters.tally import ProbeTally
from ragpulse.catalogue.chroma_recall import ASKED, CHECK, DAMAGED, DISTANCE_DRIFT, RANK_DRIFT, RECALL, STATE, STATES
from ragpulse.golden import NEAREST, Golden, is_own
from ragpulse.metric import Metric, Sample, one_of

if TYPE_CHECKING:
    from ragpulse.services import Chroma, ChromaCanary

_BUDGET, _SHARE = 10.0, 0.6  # seconds for both requests, and of the interval: a cold index is loaded by the first query


class _Result(NamedTuple):
    """seconds: of the queries, when they were answered; else reason: one of a probe's."""

    state: str
    score: Score = NOTHING_FOUND
    seconds: float = 0.0
    reason: str = "mismatch"


class RecallSource:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (RECALL, RANK_DRIFT, DISTANCE_DRIFT, STATE, *tally.EMITS)

    def __init__(self, service: str, chroma: Chroma, canary: ChromaCanary) -> None:
        self.name = f"recall:{service}"
        self.interval = canary.every
        self.timeout = canary.every
        self._service = service
        self._is_own = canary.golden_file is None
        self._golden = GoldenKept(canary)
        budget = min(_BUDGET, _SHARE * canary.every)
        self._client = chroma_api.client(chroma, budget, budget=budget, max_body=SMALL_BODY_BYTES)
        self._chroma = chroma
        self._collection = canary.collection
        self._tally = ProbeTally(service, (CHECK,), {})

    def read(self) -> Iterator[Sample]:
        asked = self._golden.now()
        run = self._tally.start()
        with self._client:
            try:
                result = self._look(asked)
            except Failure as failure:
                run.bad(CHECK, failure.reason)
                return iter(())
        if result.state == ASKED:
            run.good(CHECK, result.seconds)
        else:
            run.bad(CHECK, result.reason)
        return self._samples(result)

    def counters(self) -> Iterator[Sample]:
        return self._tally.samples()

    def cut(self) -> None:
        self._tally.cut()

    def _look(self, asked: Golden) -> _Result:
        answer = self._client.get(chroma_api.collection(self._chroma, self._collection))
        if answer.status in chroma_api.NO_SUCH:
            return _Result("missing")
        collection = answer.expect().mapping()
        if not chroma_api.is_id(identity := collection.get("id")):
            raise WrongAnswer("invalid", "the collection has no id")
        if self._is_own and not is_own(collection):
            return _Result("foreign")
        if collection.get("dimension") is None:
            return _Result("empty")
        if collection["dimension"] != asked.dimension:
            return _Result("changed")
        answer = self._query(identity, asked)
        if answer.is_server_error:
            return _Result(DAMAGED, reason="http_5xx")
        found = neighbours(answer.expect().mapping(), len(asked.queries))
        return _Result(ASKED, score(asked, found), answer.seconds)

    def _query(self, identity: str, asked: Golden) -> Answer:
        question = {
            "query_embeddings": [query.vector for query in asked.queries],
            "n_results": NEAREST,
            "include": ["distances"],
        }
        return self._client.request(
            "POST", f"{chroma_api.collection(self._chroma, identity)}/query", json_body=question
        )

    def _samples(self, result: _Result) -> Iterator[Sample]:
        service = self._service
        for k, share in result.score.recall.items():
            yield RECALL(share, service=service, k=str(k))
        if result.score.rank_drift is not None:
            yield RANK_DRIFT(result.score.rank_drift, service=service)
        if result.score.distance_drift is not None:
            yield DISTANCE_DRIFT(result.score.distance_drift, service=service)
        yield from one_of(STATE, "state", STATES, result.state, service=service)
