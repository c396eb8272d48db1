"""Would a user get an answer from vLLM now, and how fast? A small streaming completion, asked again and again.

Source: POST /v1/completions with a fixed prompt, seed and number of tokens; GET /v1/models when the cluster file names
no model; GET /metrics before it, and after one that timed out. A canary that timed out while requests wait and tokens
flow met a full engine: `saturated`, which is slow and no outage. Each opens a connection of its own, as a new user
does. A server that asks for a key which nobody gave gets no canaries: that is said, and looked at anew after ten
minutes. Times in seconds, measured here. Errors: SecretError.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporters.canary_record import CanaryRecord, Finding
from exporters.clocks import MACHINE, Clocks
from exporters.http_client import SMALL_BODY_BYTES, Answer, Failure, HttpClient, WrongAnswer
from exporters.latency_counts import LatencyCounts
from exporters.secret import secret_header
from exporters.tally import EMITS, ProbeTally
from exporters.vllm_completion import Completion
from exporters.vllm_progress import Progress, ProgressPage
from ragpulse.catalogue.service import REASONS
from ragpulse.catalogue.vllm_canary import (
    CANARY_REASONS,
    CHECK,
    CONNECT,
    E2E,
    ENABLED,
    GOODPUT,
    ITL,
    TOKENS,
    TTFT,
)
from ragpulse.metric import Metric, Sample

if TYPE_CHECKING:
    from ragpulse.services import Vllm

_PAGE_SHARE = 0.14  # of the interval, for each look at the page; a starved server was seen to take 2.2 s for it
_LOOK_AGAIN = 600.0  # seconds after which a server that wants a key is asked anew
_SPARE_EVENTS = 2  # beyond one for each token: a last one that only says why it ended
_SEED = 1


@dataclass(frozen=True, slots=True)
class CanaryPlan:
    """timeout: of one completion. ttft, itl: targets in seconds, where there are any."""

    service: str
    timeout: float
    ttft: float | None = None
    itl: float | None = None


class VllmCanary:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (ENABLED, CONNECT, TTFT, ITL, E2E, TOKENS, GOODPUT, *EMITS)

    def __init__(self, plan: CanaryPlan, vllm: Vllm, record: CanaryRecord, clocks: Clocks = MACHINE) -> None:
        self.name = f"canary:{plan.service}"
        self.interval = vllm.canary.every
        self.timeout = vllm.canary.every
        self._plan = plan
        self._canary = vllm.canary
        self._record = record
        self._clocks = clocks
        self._has_key = vllm.api_key_file is not None
        self._client = HttpClient(
            vllm.url,
            timeout=plan.timeout,
            budget=plan.timeout,
            max_body=SMALL_BODY_BYTES,
            headers=secret_header("Authorization", "Bearer", vllm.api_key_file),
            tls=vllm.tls,
        )
        self._progress = ProgressPage(vllm, _PAGE_SHARE * vllm.canary.every)
        self._seen: Progress | None = None
        self._configured = vllm.model
        self._model = vllm.model
        self._off_until = 0.0
        self._tally = ProbeTally(plan.service, (CHECK,), {}, clocks, (*REASONS, *CANARY_REASONS))
        self._felt = _Felt(plan)

    @property
    def note(self) -> str:
        return "no canaries are sent: the server asks for a key, and no api_key_file is given" if self._is_off() else ""

    def read(self) -> Iterator[Sample]:
        if not self._is_off():
            self._ask()
        return iter([ENABLED(not self._is_off(), service=self._plan.service)])

    def counters(self) -> Iterator[Sample]:
        yield from self._tally.samples()
        yield from self._felt.samples()

    def cut(self) -> None:
        self._tally.cut()
        self._record.put(Finding(self._clocks.awake(), "deadline"))

    def _is_off(self) -> bool:
        return self._clocks.awake() < self._off_until

    def _ask(self) -> None:
        before = self._seen = self._progress.look() or self._seen
        run = self._tally.start()
        try:
            completion, answer = self._completed()
        except Failure as failure:
            if failure.reason == "auth" and not self._has_key:
                self._off_until = self._clocks.awake() + _LOOK_AGAIN
                return
            reason = failure.reason
            if reason == "timeout" and _is_full(before, self._progress.look()):
                reason = "saturated"
            run.bad(CHECK, reason)
            self._record.put(Finding(self._clocks.awake(), reason))
        else:
            run.good(CHECK, answer.seconds)
            self._felt.add(completion, answer)
            self._record.put(Finding(self._clocks.awake()))

    def _completed(self) -> tuple[Completion, Answer]:
        with self._client, contextlib.closing(self._client):
            completion = Completion(self._known_model(), self._canary.max_tokens + _SPARE_EVENTS)
            try:
                answer = self._client.request(
                    "POST", "/v1/completions", json_body=self._question(completion.model), watch=completion.feed
                ).expect(200)
            except WrongAnswer as wrong:
                if wrong.reason == "http_4xx":  # it may serve another one by now
                    self._model = self._configured
                raise
            except Failure as failure:
                if failure.reason == "connect" and completion.ttft is not None:
                    raise WrongAnswer("stream_broken", "the server hung up in the middle of the stream") from failure
                raise
            completion.end()
        return completion, answer

    def _known_model(self) -> str:
        if self._model is None:
            offered = self._client.get("/v1/models").expect().mapping().get("data")
            entries = offered if isinstance(offered, list) else []
            names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
            self._model = next((name for name in names if isinstance(name, str)), None)
        if self._model is None:
            raise WrongAnswer("wrong_model", "no model is offered")
        return self._model

    def _question(self, model: str) -> Mapping[str, object]:
        return {
            "model": model,
            "prompt": self._canary.prompt,
            "max_tokens": self._canary.max_tokens,
            "temperature": 0,
            "seed": _SEED,
            "stream": True,
            "stream_options": {"include_usage": True},
        }


class _Felt:
    """What good canaries felt like; written by the source's thread, read by any."""

    def __init__(self, plan: CanaryPlan) -> None:
        self._plan = plan
        self._lock = threading.Lock()
        self._histograms = {metric: LatencyCounts() for metric in (CONNECT, TTFT, ITL, E2E)}
        self._tokens = 0
        self._good = 0

    def add(self, completion: Completion, answer: Answer) -> None:
        ttft, gaps = completion.ttft or 0.0, completion.gaps
        mean = sum(gaps) / len(gaps) if gaps else 0.0
        with self._lock:
            self._histograms[CONNECT].add(answer.connecting)
            self._histograms[TTFT].add(ttft)
            for gap in gaps:
                self._histograms[ITL].add(gap)
            self._histograms[E2E].add(answer.seconds)
            self._tokens += completion.tokens
            self._good += _within(ttft, self._plan.ttft) and _within(mean, self._plan.itl)

    def samples(self) -> Iterator[Sample]:
        service = self._plan.service
        with self._lock:
            found = [
                sample
                for metric, counts in self._histograms.items()
                for sample in metric.buckets(counts.cumulative(), counts.seconds, service=service)
            ]
            found += [TOKENS(self._tokens, service=service), GOODPUT(self._good, service=service)]
        yield from found


def _within(seconds: float, target: float | None) -> bool:
    return target is None or seconds <= target


def _is_full(before: Progress | None, after: Progress | None) -> bool:
    return before is not None and after is not None and after.waiting > 0 and after.work > before.work
