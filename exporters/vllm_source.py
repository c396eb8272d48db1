"""What vLLM measures of itself, what it is doing, and what it produces while requests wait.

Source: GET /health, /metrics and, once after each start, /version, on the node of the (head) API server; its own
counters are passed through as they are. A server that cannot be reached is `down` and says nothing else. Errors:
SourceError when /metrics answers with something that is no page of vLLM.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from exporters.http_client import Failure, HttpClient, Unanswered, WrongAnswer
from exporters.label_text import fits_label
from exporters.source import READING_INTERVAL, SourceError
from exporters.vllm_names import FAMILIES
from exporters.vllm_page import VllmPage
from exporters.vllm_state import Demand, StateWatch
from ragpulse.catalogue.agent import SOURCE_DROPPED
from ragpulse.catalogue.vllm import DEMAND_SECONDS, DEMAND_TOKENS, INFO, METRIC_OFFERED, STATE, STATES
from ragpulse.metric import Metric, Sample, one_of

if TYPE_CHECKING:
    from ragpulse.services import Vllm

# Of the interval, for all requests of a run together. A starved server was seen to take 2.2 s for its page.
_REQUESTS_SHARE = 0.9
_HEALTH_SHARE = 0.6
_LONGEST_GAP = 3  # intervals between two looks that still belong together
_SERVER_ERROR = 5  # first digit of the status


class VllmSource:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (STATE, INFO, METRIC_OFFERED, DEMAND_SECONDS, DEMAND_TOKENS, SOURCE_DROPPED, *FAMILIES)

    def __init__(
        self,
        service: str,
        vllm: Vllm,
        interval: float = READING_INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = f"vllm:{service}"
        self.interval = interval
        self.timeout = interval
        self._service = service
        self._clock = clock
        self._limit = _REQUESTS_SHARE * interval
        # No key: vLLM asks for one below /v1 only.
        self._client = HttpClient(vllm.url, timeout=self._limit, budget=self._limit, tls=vllm.tls)
        self._state = StateWatch()
        self._demand = Demand(service, longest=_LONGEST_GAP * interval)
        self._version: str | None = None

    def read(self) -> Iterator[Sample]:
        with self._client:
            return iter(list(self._look()))

    def counters(self) -> Iterator[Sample]:
        return self._demand.samples()

    def cut(self) -> None:
        self._demand.forget()

    def _look(self) -> Iterator[Sample]:
        try:
            refusing = self._refusing()
        except Unanswered:
            yield from self._unseen("down")
            return
        try:
            page = self._page()
        except Unanswered:
            yield from self._unseen("refusing" if refusing else "down")
            return
        now = self._clock()
        engines = page.engines()
        self._demand.observe(engines, now)
        yield from self._is(self._state.judge(engines, now, refusing=refusing))
        yield from page.samples(self._service)
        yield SOURCE_DROPPED(page.dropped, source=self.name)
        for metric, offered in page.offered():
            yield METRIC_OFFERED(offered, service=self._service, metric=metric.name)
        if version := self._known_version():
            yield INFO(1, service=self._service, version=version)

    def _refusing(self) -> bool:
        try:
            answer = self._client.request("GET", "/health", timeout=_HEALTH_SHARE * self._limit)
            if answer.status // 100 == _SERVER_ERROR:
                return True
            answer.expect()
        except WrongAnswer as wrong:
            raise SourceError(f"GET /health: {wrong}; is this vLLM?") from wrong
        return False

    def _page(self) -> VllmPage:
        try:
            text = self._client.get("/metrics").expect().body.decode()
        except WrongAnswer as answer:
            raise SourceError(f"GET /metrics: {answer}") from answer
        except UnicodeDecodeError as error:
            raise SourceError("GET /metrics: the page is not UTF-8 text") from error
        return VllmPage(text)

    def _known_version(self) -> str | None:
        if self._version is None:
            try:
                found = self._client.get("/version").expect().mapping().get("version")
            except Failure:
                return None
            self._version = found if fits_label(found) else None
        return self._version

    def _unseen(self, state: str) -> Iterator[Sample]:
        self._state.forget()
        self._demand.forget()
        self._version = None  # it may come back as another
        yield from self._is(state)

    def _is(self, state: str) -> Iterator[Sample]:
        return one_of(STATE, "state", STATES, state, service=self._service)
