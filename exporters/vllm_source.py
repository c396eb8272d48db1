"""What vLLM measures of itself, what it is doing, what it serves, and what it produces while requests wait.

Source: GET /health and the page of metrics, on the node of the (head) API server, besides `vllm_said` and what the
canary found; its own counters are passed through as they are. A server that cannot be reached is `down` (or `loading`,
when its process is seen) and says nothing else. Errors: SourceError when what answers is no vLLM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from exporters import vllm_process
from exporters.canary_record import CanaryRecord, Finding
from exporters.clocks import MACHINE
from exporters.http_client import HttpClient, Unanswered, WrongAnswer
from exporters.source import READING_INTERVAL, SourceError
from exporters.vllm_changes import Changes, Served, model_info
from exporters.vllm_demand import Demand
from exporters.vllm_loading import Loading
from exporters.vllm_names import FAMILIES
from exporters.vllm_page import VllmPage
from exporters.vllm_progress import metrics_client, metrics_text
from exporters.vllm_said import Said
from exporters.vllm_state import StateWatch
from ragpulse.catalogue import vllm as catalogue
from ragpulse.catalogue.agent import SOURCE_DROPPED
from ragpulse.catalogue.vllm import INFO, METRIC_OFFERED, STATE, STATES
from ragpulse.metric import Metric, Sample, one_of

if TYPE_CHECKING:
    from ragpulse.services import Vllm

# Of the interval, for each of the three. A starved server was seen to take 2.2 s for its page.
_HEALTH_SHARE, _PAGE_SHARE, _SAID_SHARE = 0.3, 0.5, 0.15
_LONGEST_GAP = 3  # intervals between two looks that still belong together
_CANARY_HOLDS = 2.5  # of its intervals, as any reading
_SERVER_ERROR = 5  # first digit of the status


class VllmSource:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (
        STATE, INFO, METRIC_OFFERED, SOURCE_DROPPED, catalogue.DEMAND_SECONDS, catalogue.DEMAND_TOKENS,
        catalogue.MODEL_INFO, catalogue.CHANGES, catalogue.LOADING_SECONDS, catalogue.STATS_DISABLED,
        catalogue.UNKNOWN_FAMILIES, *FAMILIES,
    )  # fmt: skip

    def __init__(
        self,
        service: str,
        vllm: Vllm,
        interval: float = READING_INTERVAL,
        clock: Callable[[], float] = MACHINE.awake,
        record: CanaryRecord | None = None,
    ) -> None:
        self.name = f"vllm:{service}"
        self.interval = interval
        self.timeout = interval
        self._service = service
        self._clock = clock
        self._record = record
        self._canary_holds = _CANARY_HOLDS * vllm.canary.every
        # Neither needs the key: vLLM asks for one below /v1 only.
        self._health = HttpClient(vllm.url, timeout=_HEALTH_SHARE * interval, tls=vllm.tls)
        self._metrics = metrics_client(vllm, _PAGE_SHARE * interval)
        self._said = Said(vllm, _SAID_SHARE * interval, clock)
        self._state = StateWatch()
        self._demand = Demand(service, longest=_LONGEST_GAP * interval)
        self._changes = Changes(service)
        self._loading = Loading(service, lambda: vllm_process.started(vllm.url))

    def read(self) -> Iterator[Sample]:
        return iter([*self._look()])

    def counters(self) -> Iterator[Sample]:
        yield from self._demand.samples()
        yield from self._changes.samples()

    def cut(self) -> None:
        self._demand.forget()

    def _look(self) -> Iterator[Sample]:
        try:
            refusing = self._refuses()
        except Unanswered as failure:
            yield from self._gone(refused=failure.reason == "connect")
            return
        finding = self._record.last(self._clock(), self._canary_holds) if self._record else None
        try:
            page = VllmPage(metrics_text(self._metrics))
        except Unanswered:
            yield from self._without_numbers(finding, refusing=refusing)
        except WrongAnswer as wrong:
            raise SourceError(f"GET /metrics: {wrong}") from wrong
        else:
            yield from self._seen(page, finding, refusing=refusing)
        yield from self._loading.answers()

    def _refuses(self) -> bool:
        try:
            answer = self._health.get("/health")
            if answer.status // 100 == _SERVER_ERROR:
                return True
            answer.expect()
        except WrongAnswer as wrong:
            raise SourceError(f"GET /health: {wrong}; is this vLLM?") from wrong
        return False

    def _seen(self, page: VllmPage, finding: Finding | None, *, refusing: bool) -> Iterator[Sample]:
        now = self._clock()
        engines = page.engines()
        self._demand.observe(engines, now)
        yield from self._is(self._state.judge(engines, now, refusing=refusing, finding=finding))
        yield from page.samples(self._service)
        yield SOURCE_DROPPED(page.dropped, source=self.name)
        yield from page.about(self._service)
        self._said.look()
        layout = (len(engines), *sorted(page.cache().items())) if engines else None
        yield from self._served(Served(self._said.version, self._said.models, layout, page.started))

    def _served(self, served: Served) -> Iterator[Sample]:
        self._changes.observe(served)
        if served.version is not None:
            yield INFO(1, service=self._service, version=served.version)
        yield from model_info(self._service, served.models or ())

    def _without_numbers(self, finding: Finding | None, *, refusing: bool) -> Iterator[Sample]:
        """It is there, and its page is not: a canary that was answered knows more than that."""
        self._demand.forget()
        if finding is None:
            yield from self._gone(refused=False, state="refusing" if refusing else "down")
        else:
            yield from self._is(self._state.judge({}, self._clock(), refusing=refusing, finding=finding))

    def _gone(self, *, refused: bool, state: str = "down") -> Iterator[Sample]:
        self._state.forget()
        self._demand.forget()
        self._said.forget()
        loading = list(self._loading.refused()) if refused else []
        yield from self._is("loading" if loading else state)
        yield from loading

    def _is(self, state: str) -> Iterator[Sample]:
        return one_of(STATE, "state", STATES, state, service=self._service)
