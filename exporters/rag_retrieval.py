"""The stage of a RAG path that finds documents: the nearest ones to the question's vector, in a collection of Chroma.

Where no stage before it made a vector, a fixed one of the collection's own dimension is asked for. Errors: Failure:
`dimension_mismatch` when the vector has another number of numbers than those of the collection, `empty` when nothing
is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters import chroma_api
from exporters.chroma_collection import Collection, look_up, unit_vector
from exporters.http_client import MAX_BODY_BYTES, Answer, WrongAnswer
from exporters.rag_walk import Walk

if TYPE_CHECKING:
    from ragpulse.services import Chroma, ChromaQuery


class Retrieval:
    """Looks the collection up once; whatever goes wrong with it, it is looked up anew: it may be another one by now."""

    def __init__(self, chroma: Chroma, query: ChromaQuery, documents: int, timeout: float) -> None:
        self.client = chroma_api.client(chroma, timeout, max_body=MAX_BODY_BYTES)
        self._chroma = chroma
        self._name = query.collection
        self._documents = documents
        self._known: Collection | None = None

    def ask(self, walk: Walk) -> None:
        found, self._known = self._known, None  # kept again when all went well
        answer = self._query(found, walk) if found is not None and _fits(walk.vector, found) else None
        if found is None or answer is None or answer.status in chroma_api.NO_SUCH:
            found = look_up(self.client, self._chroma, self._name)
            if not _fits(walk.vector, found):
                text = f"the vector has {len(walk.vector or ())} numbers, those of {self._name} have {found.dimension}"
                raise WrongAnswer("dimension_mismatch", text)
            answer = self._query(found, walk)
        walk.documents = _documents(answer.expect())
        self._known = found

    def _query(self, collection: Collection, walk: Walk) -> Answer:
        vector = walk.vector or unit_vector(collection.dimension)
        asked = {"query_embeddings": [vector], "n_results": self._documents, "include": ["documents"]}
        return self.client.request("POST", collection.path, json_body=asked)


def _fits(vector: list[float] | None, collection: Collection) -> bool:
    return vector is None or len(vector) == collection.dimension


def _documents(answer: Answer) -> tuple[str, ...]:
    """A record may have no text."""
    found = answer.mapping()
    ids, texts = (_first(found.get(key)) for key in ("ids", "documents"))
    if ids is None:
        raise WrongAnswer("invalid", "the answer has no ids")
    if not ids:
        raise WrongAnswer("empty", "nothing was found")
    return tuple(text for text in texts or () if isinstance(text, str))


def _first(lists: object) -> list[object] | None:
    """Of the lists that stand in an answer, one for each vector that was asked for."""
    return lists[0] if isinstance(lists, list) and len(lists) == 1 and isinstance(lists[0], list) else None
