"""The stages of a RAG path that are one request: a search in a memory service, and any other URL. Errors: Failure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from exporters import memory_request
from exporters.http_client import HttpClient
from exporters.http_expected import Expected
from exporters.http_probe import HttpPage
from exporters.rag_walk import Walk

if TYPE_CHECKING:
    from ragpulse.services import Http, Memory, MemoryCheck, RagStage


class SearchMemory:
    def __init__(self, memory: Memory, search: MemoryCheck, timeout: float) -> None:
        self.client = memory_request.client(memory, timeout)
        self._search = search

    def ask(self, walk: Walk) -> None:  # noqa: ARG002 - the same is searched for each time
        memory_request.ask(self.client, self._search)


class ServicePage:
    """A service of kind http, as it is described."""

    def __init__(self, http: Http, timeout: float) -> None:
        self._page = HttpPage(http, timeout)
        self.client = self._page.client

    def ask(self, walk: Walk) -> None:
        self._page.ask(walk.left)


class OwnRequest:
    """A URL of the stage's own, by POST where there is something to send."""

    def __init__(self, client: HttpClient, stage: RagStage) -> None:
        self.client = client
        self._body = stage.json_body
        self._expected = Expected(stage.expect)

    def ask(self, walk: Walk) -> None:
        ends = time.monotonic() + walk.left
        method = "GET" if self._body is None else "POST"
        self._expected.judge(self.client.request(method, "", json_body=self._body), ends)
