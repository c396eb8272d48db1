"""What vLLM measures of itself, what it is doing, what it serves, and what it produces while requests wait.

Source: `vllm_look`, on the node of the (head) API server, `vllm_said`, and what our canary found; vLLM's own counters
are passed through as they are. A server on whose port nobody listens is `down`, or `loading` when its process is seen.
Errors: SourceError where nothing can be told of its state, PartError for what is missing besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exporters import vllm_process
from exporters.canary_record import HOLDS, CanaryRecord, Finding
from exporters.clocks import MACHINE, Clocks
from exporters.secret import SecretError
from exporters.source import READING_INTERVAL, PartError, SourceError
from exporters.vllm_changes import Changes, Layout, Life, Served
from exporters.vllm_demand import Demand
from exporters.vllm_loading import Loading
from exporters.vllm_look import Look, Looks
from exporters.vllm_names import FAMILIES
from exporters.vllm_said import Said
from exporters.vllm_state import StateWatch
from ragpulse.catalogue import vllm as catalogue
from ragpulse.catalogue.agent import SOURCE_DROPPED
from ragpulse.catalogue.vllm import STATE, STATES
from ragpulse.metric import Metric, Sample, one_of
from ragpulse.vantage import canary_timeout

if TYPE_CHECKING:
    from ragpulse.services import Vllm

# Of the interval, for each of the three. A starved server was seen to take 2.2 s for its page.
_HEALTH_SHARE, _PAGE_SHARE, _SAID_SHARE = 0.25, 0.55, 0.15
_LONGEST_GAP = 3  # intervals between two looks that still belong together


class VllmSource:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (
        STATE, SOURCE_DROPPED, catalogue.INFO, catalogue.MODEL_INFO, catalogue.METRIC_OFFERED, catalogue.STATS_DISABLED,
        catalogue.UNKNOWN_FAMILIES, catalogue.DEMAND_SECONDS, catalogue.DEMAND_TOKENS,
        catalogue.DEMAND_WITHIN_TARGET, catalogue.CHANGES, catalogue.LOADING_SECONDS, *FAMILIES,
    )  # fmt: skip

    def __init__(
        self,
        service: str,
        vllm: Vllm,
        interval: float = READING_INTERVAL,
        clocks: Clocks = MACHINE,
        record: CanaryRecord | None = None,
        *,
        at_least: float | None = None,
    ) -> None:
        self.name = f"vllm:{service}"
        self.interval = interval
        self.timeout = interval
        self._service = service
        self._clocks = clocks
        self._asleep = clocks.asleep()
        self._record = record
        self._canary_holds = HOLDS * vllm.canary.every
        self._refused_at = -1.0
        self._looks = Looks(service, vllm, health=_HEALTH_SHARE * interval, page=_PAGE_SHARE * interval)
        self._said = Said(service, vllm, _SAID_SHARE * interval, clocks.awake)
        self._state = StateWatch(canary_timeout(vllm.canary))
        self._demand = Demand(service, longest=_LONGEST_GAP * interval, at_least=at_least)
        self._changes = Changes(service)
        self._loading = Loading(service, lambda: vllm_process.started(vllm.url), clocks)

    def read(self) -> Iterator[Sample]:
        if self._clocks.slept_since(self._asleep):
            self._state.forget()
            self._demand.forget()
        self._asleep = self._clocks.asleep()
        look = self._looks.look()
        now = self._clocks.awake()
        if look.page is None:
            self._demand.forget()
        else:
            self._demand.observe(look.engines, now)
        loading = list(self._loading_of(look))
        state = self._state_of(look, now, is_loading=bool(loading))
        if state is None and (look.faults or look.silences):
            raise SourceError("; ".join(look.faults + look.silences))
        if state is not None:
            yield from one_of(STATE, "state", STATES, state, service=self._service)
        yield from loading
        yield from look.samples
        yield from self._served(look)
        if look.faults:
            raise PartError("; ".join(look.faults))

    def counters(self) -> Iterator[Sample]:
        yield from self._demand.samples()
        yield from self._changes.samples()

    def cut(self) -> None:
        self._demand.forget()

    def _loading_of(self, look: Look) -> Iterator[Sample]:
        if look.may_be_loading:
            yield from self._loading.absent()
        elif look.page is not None:
            yield from self._loading.answers(look.page.started)

    def _state_of(self, look: Look, now: float, *, is_loading: bool) -> str | None:
        if look.is_refused:
            self._refused_at = now
            self._state.forget()
        if look.may_be_loading and is_loading:
            return "loading"
        if look.is_refused:
            return "down"
        return self._state.judge(look.engines, now, health=look.health, finding=self._finding(now))

    def _finding(self, now: float) -> Finding | None:
        """What was found before nobody listened says nothing about a server that came back."""
        last = self._record.last(now, self._canary_holds) if self._record else None
        return last if last is not None and last.at > self._refused_at else None

    def _served(self, look: Look) -> Iterator[Sample]:
        page, layout, life = look.page, None, None
        if look.may_be_loading:
            self._said.forget()
        elif look.health == "well" or page is not None:
            try:
                self._said.look()
            except SecretError as error:
                look.faults.append(str(error))
        if page is not None:
            life = Life(page.started, {key: engine.progress for key, engine in look.engines.items()})
            if look.engines:
                layout = Layout(len(look.engines), sum(blocks * tokens for blocks, tokens in page.cache().values()))
            yield SOURCE_DROPPED(page.dropped + self._said.dropped, source=self.name)
        self._changes.observe(Served(self._said.version, self._said.models, layout, life))
        yield from self._said.samples()
