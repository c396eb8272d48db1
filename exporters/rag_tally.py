"""The counters of a RAG path: those of every probe for the whole of it, and for each stage how it went; all from 0.

A walk counts whole or not at all: one that the runner has cut, or into which a suspend of this machine falls, is none.
What is cut has failed in the stage that it had come to.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exporters import tally
from exporters.clocks import MACHINE, Clocks
from exporters.latency_counts import LatencyCounts
from exporters.rag_walk import Walk
from ragpulse.catalogue.memory import STALE
from ragpulse.catalogue.rag import (
    FIRST_TOKEN,
    OUTCOMES,
    RAG_REASONS,
    STAGE_DURATION,
    STAGE_FAILURES,
    STAGE_RUNS,
    TOKENS,
)
from ragpulse.catalogue.service import REASONS
from ragpulse.metric import Sample
from ragpulse.response_limit import PATH

EMITS = (STAGE_DURATION, STAGE_RUNS, STAGE_FAILURES, FIRST_TOKEN, TOKENS, *tally.EMITS)
_REASONS = (*REASONS, STALE, *RAG_REASONS)  # any search of a memory may be stale


@dataclass(frozen=True, slots=True)
class Walked:
    """How a walk ended. times: seconds of each stage that was asked, in order. reason: why the last of them failed, or
    empty. seconds: of the whole.
    """

    walk: Walk
    times: dict[str, float]
    reason: str
    seconds: float

    @property
    def failing(self) -> str | None:
        return next(reversed(self.times)) if self.reason else None

    @property
    def good(self) -> dict[str, float]:
        """The times of the stages that did not fail."""
        return {stage: seconds for stage, seconds in self.times.items() if stage != self.failing}


@dataclass(slots=True)
class _Stage:
    runs: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    failures: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_REASONS, 0))
    durations: LatencyCounts = field(default_factory=LatencyCounts)


class RagTally:
    def __init__(
        self, service: str, stages: Sequence[str], targets: Mapping[str, float], clocks: Clocks = MACHINE
    ) -> None:
        self._service = service
        self._path = tally.ProbeTally(service, (PATH,), targets, clocks, _REASONS)
        self._stages = {stage: _Stage() for stage in stages}
        self._first_token = LatencyCounts()
        self._tokens = 0
        self._lock = threading.Lock()
        self._at = stages[0]

    def start(self) -> tally.ProbeRun:
        with self._lock:
            self._at = next(iter(self._stages))
            return self._path.start()

    def comes_to(self, stage: str) -> None:
        self._at = stage

    def record(self, run: tally.ProbeRun, walked: Walked) -> None:
        with self._lock:
            counts = run.bad(PATH, walked.reason) if walked.reason else run.good(PATH, walked.seconds)
            if not counts:
                return
            for name, seconds in walked.good.items():
                self._stages[name].runs["good"] += 1
                self._stages[name].durations.add(seconds)
            if walked.failing is not None:
                self._fail(walked.failing, walked.reason)
            elif walked.walk.first_token is not None:
                self._first_token.add(walked.walk.first_token)
            self._tokens += walked.walk.tokens

    def cut(self) -> None:
        with self._lock:
            self._path.cut()
            self._fail(self._at, "deadline")

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            yield from list(self._samples())
        yield from self._path.samples()

    def _fail(self, failing: str, reason: str) -> None:
        names = list(self._stages)
        self._stages[failing].runs["failed"] += 1
        self._stages[failing].failures[reason] += 1
        for name in names[names.index(failing) + 1 :]:
            self._stages[name].runs["skipped"] += 1

    def _samples(self) -> Iterator[Sample]:
        service = self._service
        for name, stage in self._stages.items():
            for outcome, count in stage.runs.items():
                yield STAGE_RUNS(count, service=service, stage=name, outcome=outcome)
            for reason, count in stage.failures.items():
                yield STAGE_FAILURES(count, service=service, stage=name, reason=reason)
            took = stage.durations
            yield from STAGE_DURATION.buckets(took.cumulative(), took.seconds, service=service, stage=name)
        yield from FIRST_TOKEN.buckets(self._first_token.cumulative(), self._first_token.seconds, service=service)
        yield TOKENS(self._tokens, service=service)
