"""The requests of a round trip through a memory service, with its placeholders filled in, and what they bring.

An id is whatever the service says, and becomes part of a path: an empty one would name the whole collection. Errors:
Failure, of which `lost` is a memory that is not (yet) to be read under its id; SecretError.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from exporters import json_field, memory_request
from exporters.http_client import Answer, HttpClient, WrongAnswer
from ragpulse.catalogue.memory import LOST
from ragpulse.memory_placeholders import filled, texts

if TYPE_CHECKING:
    from ragpulse.services import MemoryRequest, MemoryRoundTrip

_MARK = "ragpulse-probe-"
_NONCE = re.compile(rf"{_MARK}[0-9a-f]{{32}}")
_LONGEST_ID = 512
_NOT_FOUND = (404, 410)


def new_nonce() -> str:
    return _MARK + uuid.uuid4().hex


class Trip:
    def __init__(self, client: HttpClient, settings: MemoryRoundTrip) -> None:
        if settings.write is None or settings.read is None or settings.delete is None:
            raise ValueError("a round trip without write, read and delete must not be enabled")
        self._client = client
        self._write, self._read, self._delete = settings.write, settings.read, settings.delete
        self._listing = settings.leftovers
        self._texts = [text for text in texts(settings.write.json_body) if "{nonce}" in text]

    def write(self, nonce: str) -> tuple[Answer, str]:
        """The answer, and the id under which the memory is kept."""
        write, own = self._write, str(uuid.uuid4())
        # On a connection of its own: nothing repeats a request that may have been heard already.
        self._client.close()
        answer = self._ask(write, {"nonce": nonce, "id": own})
        memory_request.expect(answer, write)
        return answer, own if write.id_field is None else _id(answer.json(), write.id_field)

    def read(self, memory_id: str, nonce: str) -> Answer:
        """Another text under this id is `lost`, too: what was written cannot be read. `mismatch`: ours, and more."""
        answer = self._ask(self._read, {"id": memory_id})
        if answer.status in _NOT_FOUND:
            raise WrongAnswer(LOST, "there is no such memory")
        memory_request.expect(answer, self._read)
        if nonce.encode() not in answer.body:
            raise OtherText(LOST, "another text stands there")
        if not any(text in (filled(ours, {"nonce": nonce}) for ours in self._texts) for text in texts(answer.json())):
            raise MergedText("mismatch", "our text has become part of another one")
        return answer

    def delete(self, memory_id: str) -> Answer:
        answer = self._ask(self._delete, {"id": memory_id})
        memory_request.expect(answer, self._delete)
        return answer

    def leftovers(self) -> list[str]:
        """Ids of earlier trips, none where nothing lists them. A service that ignores what it is asked for lists the
        memories of others: only what is, as a whole, a text that we write is ours.
        """
        if (listing := self._listing) is None:
            return []
        answer = self._ask(listing, {})
        memory_request.expect(answer, listing)
        found = json_field.at(answer.json(), listing.list_field)
        if not isinstance(found, list):
            raise WrongAnswer("invalid", f"{listing.list_field} is no list")
        return [_id(one, listing.id_field) for one in found if self._is_ours(json_field.at(one, listing.text_field))]

    def _is_ours(self, text: Any) -> bool:
        return isinstance(text, str) and any(_pattern(ours).fullmatch(text) for ours in self._texts)

    def _ask(self, request: MemoryRequest, values: Mapping[str, str]) -> Answer:
        path = filled(request.path, {name: quote(value, safe="") for name, value in values.items()})
        body = filled(request.json_body, values)
        return self._client.request(request.method, path, json_body=body, with_auth=request.send_auth)


class OtherText(WrongAnswer):
    """What stands under our id is not what we wrote, so it may be somebody else's."""


class MergedText(OtherText):
    """The service has put our text into a memory that it had: it stays so, and that memory is not ours."""


def _id(document: Any, field: str) -> str:
    found = json_field.at(document, field)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    is_id = isinstance(found, str) and 0 < len(found) <= _LONGEST_ID and found.isprintable()
    if not is_id or found in (".", ".."):
        raise WrongAnswer("invalid", f"{field} is no id")
    return str(found)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_NONCE.pattern.join(re.escape(part) for part in text.split("{nonce}")))
