"""One collection of Chroma for the commands of a person who waits: found, made, counted, read page by page, added to.

Errors: StoreError, one line that says which service was asked for what, and where to look if that is known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from exporters import chroma_api
from exporters.http_client import MAX_BODY_BYTES, Answer, Failure, Unanswered
from exporters.secret import SecretError
from ragpulse.errors import RagpulseError
from ragpulse.golden_search import Vector

if TYPE_CHECKING:
    from ragpulse.services import Chroma

_PATIENCE = 60.0  # seconds for one request: a cold index, or a batch of vectors on a busy machine
_LOOK = 0.5
_IDS_AT_ONCE, _VECTORS_AT_ONCE = 1000, 100  # so that a page stays well below the largest body that is read


class StoreError(RagpulseError):
    """Chroma cannot be asked, or does not do what it should."""


class Store:
    def __init__(self, service: str, chroma: Chroma, collection: str) -> None:
        self.name = collection
        self.where = f"{service} ({chroma.url})"
        self._client = chroma_api.client(chroma, _PATIENCE, max_body=MAX_BODY_BYTES)
        self._chroma = chroma

    def wait(self, seconds: float) -> None:
        """Until the server answers, but no longer."""
        end = time.monotonic() + seconds
        while True:
            try:
                self._client.get(chroma_api.HEARTBEAT, with_auth=False).expect()
            except Failure as failure:
                if time.monotonic() > end:
                    raise self._error(failure) from failure
                time.sleep(_LOOK)
            else:
                return

    def found(self) -> Mapping[str, Any] | None:
        """As Chroma describes it; None when there is no such collection."""
        answer = self._asked("GET", chroma_api.collection(self._chroma, self.name))
        if answer.status in chroma_api.NO_SUCH:
            return None
        return self._mapping(answer)

    def make(self, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        """Never an existing one: to get or create it would put our metadata in place of somebody's."""
        body = {"name": self.name, "metadata": metadata}
        return self._mapping(self._asked("POST", chroma_api.collections(self._chroma), body))

    def identity(self, collection: Mapping[str, Any]) -> str:
        if not chroma_api.is_id(identity := collection.get("id")):
            raise StoreError(f"{self.where}: the collection {self.name} has no id")
        return identity

    def most_at_once(self) -> int:
        """Records that the server takes in one request."""
        most = self._mapping(self._asked("GET", chroma_api.PRE_FLIGHT)).get("max_batch_size")
        if type(most) is not int or most < 1:
            raise StoreError(f"{self.where}: does not say how many records it takes at once")
        return most

    def count(self, identity: str) -> int:
        counted = self._json(self._asked("GET", self._at(identity, "count")))
        if type(counted) is not int:
            raise StoreError(f"{self.where}: the count of {self.name} is no number")
        return counted

    def ids(self, identity: str) -> Iterator[str]:
        offset = 0
        while page := self._page(identity, offset, _IDS_AT_ONCE, [])["ids"]:
            yield from page
            offset += len(page)

    def records(self, identity: str) -> Iterator[tuple[str, Vector]]:
        offset = 0
        while page := self.some(identity, offset, _VECTORS_AT_ONCE):
            yield from page
            offset += len(page)

    def some(self, identity: str, offset: int, most: int) -> list[tuple[str, Vector]]:
        """(id, vector) of so many records, in the order in which Chroma lists them."""
        page = self._page(identity, offset, most, ["embeddings"])
        try:
            return [
                (each, tuple(map(float, vector))) for each, vector in zip(page["ids"], page["embeddings"], strict=True)
            ]
        except (TypeError, ValueError, OverflowError, KeyError):
            raise StoreError(f"{self.where}: {self.name} has a record without a vector") from None

    def add(self, identity: str, records: Mapping[str, Vector]) -> None:
        body = {"ids": list(records), "embeddings": list(records.values())}
        self._json(self._asked("POST", self._at(identity, "add"), body))

    def _page(self, identity: str, offset: int, limit: int, include: list[str]) -> Mapping[str, Any]:
        body = {"offset": offset, "limit": limit, "include": include}
        page = self._mapping(self._asked("POST", self._at(identity, "get"), body))
        if not isinstance(ids := page.get("ids"), list) or not all(isinstance(each, str) for each in ids):
            raise StoreError(f"{self.where}: the records of {self.name} have no ids")
        return page

    def _at(self, identity: str, action: str) -> str:
        return f"{chroma_api.collection(self._chroma, identity)}/{action}"

    def _asked(self, method: str, path: str, body: object = None) -> Answer:
        try:
            return self._client.request(method, path, json_body=body)
        except Failure as failure:
            raise self._error(failure) from failure
        except SecretError as error:
            raise StoreError(str(error)) from error

    def _mapping(self, answer: Answer) -> Mapping[str, Any]:
        try:
            return answer.expect().mapping()
        except Failure as failure:
            raise self._error(failure) from failure

    def _json(self, answer: Answer) -> Any:
        try:
            return answer.expect().json()
        except Failure as failure:
            raise self._error(failure) from failure

    def _error(self, failure: Failure) -> StoreError:
        hint = ""
        if failure.reason == "auth":
            hint = "; it refuses our token: look at token_file, token_header and token_prefix"
        elif isinstance(failure, Unanswered):
            hint = "; is it running, and is its url right?"
        return StoreError(f"{self.where}: {failure}{hint}")
