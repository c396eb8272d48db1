"""Would a user get an answer from vLLM now, and how fast? A small streaming completion, asked again and again.

Source: POST /v1/completions with a fixed prompt, seed and number of tokens, of the model of `vllm_served_model`;
GET /metrics before it, and after one that timed out. A canary that timed out while requests wait and tokens flow met a
full engine: `saturated`, which is slow and no outage. Each opens a connection of its own, as a new user does. A server
that asks for a key which nobody gave gets no canaries: that is said, and looked at anew after ten minutes. Times in
seconds, measured here. Errors: SecretError.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporters import tally, vllm_felt
from exporters.canary_record import CanaryRecord, Finding
from exporters.clocks import MACHINE, Clocks
from exporters.http_client import SMALL_BODY_BYTES, Answer, Failure, HttpClient, WrongAnswer
from exporters.secret import secret_header
from exporters.tally import ProbeTally
from exporters.vllm_completion import Completion
from exporters.vllm_felt import Felt
from exporters.vllm_progress import Progress, ProgressPage
from exporters.vllm_served_model import ServedModel
from exporters.vllm_streamed import streamed
from ragpulse.catalogue.service import REASONS
from ragpulse.catalogue.vllm_canary import CANARY_REASONS, CHECK, ENABLED
from ragpulse.metric import Metric, Sample

if TYPE_CHECKING:
    from ragpulse.services import Vllm

_PAGE_SHARE = 0.14  # of the interval, for each look at the page; a starved server was seen to take 2.2 s for it
_LOOK_AGAIN = 600.0  # seconds after which a server that wants a key is asked anew


@dataclass(frozen=True, slots=True)
class CanaryPlan:
    """timeout: of one completion. ttft, itl: targets in seconds, where there are any."""

    service: str
    timeout: float
    ttft: float | None = None
    itl: float | None = None


class VllmCanary:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (ENABLED, *vllm_felt.EMITS, *tally.EMITS)

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
        self._model = ServedModel(self._client, vllm.model)
        self._off_until = 0.0
        self._tally = ProbeTally(plan.service, (CHECK,), {}, clocks, (*REASONS, *CANARY_REASONS))
        self._felt = Felt(plan.service, plan.ttft, plan.itl)

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
        run = self._tally.start()
        before = self._look()
        try:
            completion, answer = self._completed()
        except Failure as failure:
            reason = failure.reason
            if reason == "auth" and not self._has_key:
                self._off_until = self._clocks.awake() + _LOOK_AGAIN
                return
            if reason == "timeout" and _is_full(before, self._look()):
                reason = "saturated"
            counts = run.bad(CHECK, reason)
        else:
            reason = ""
            counts = run.good(CHECK, answer.seconds)
            if counts:
                self._felt.add(completion, answer)
        if counts:
            self._record.put(Finding(self._clocks.awake(), reason))

    def _look(self) -> Progress | None:
        """What did not answer now is as it was at the look before; what did not answer then either is not known."""
        before, self._seen = self._seen, self._progress.look()
        return self._seen or before

    def _completed(self) -> tuple[Completion, Answer]:
        with self._client, contextlib.closing(self._client), self._model.forgotten_when_refused():
            return self._streamed(self._model.name())

    def _streamed(self, model: str) -> tuple[Completion, Answer]:
        question = {"model": model, "prompt": self._canary.prompt}
        completion, answer = streamed(self._client, "/v1/completions", question, self._canary.max_tokens)
        if completion.model is not None and not self._model.goes_by(completion.model):
            raise WrongAnswer("wrong_model", "another model answered")
        return completion, answer


def _is_full(before: Progress | None, after: Progress | None) -> bool:
    return before is not None and after is not None and after.waiting > 0 and after.work > before.work
