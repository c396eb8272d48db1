"""Does the whole path from a question to its answer work, which stage broke it, and which one was slow?

Each stage is asked in turn, and gives those after it what it found: so the time of the path is the sum of its stages'.
One that fails ends the walk; those behind it are not asked, and their service is not blamed. A stage may take all the
time that is left but an equal share for each one behind it, so that none fails for another's slowness. Times in
seconds, with whatever a stage has to ask first: a connection, an id, the name of a model. `up` and `ready` are one
here: a question was answered. Errors: SecretError.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from exporters import rag_tally
from exporters.clocks import MACHINE, Clocks
from exporters.http_client import Failure
from exporters.probe import Plan
from exporters.rag_tally import RagTally, Walked
from exporters.rag_usual import Usual
from exporters.rag_walk import StageRequest, Walk
from ragpulse.catalogue.rag import FAILING_STAGE, SLOWEST_STAGE
from ragpulse.catalogue.service import NODE_INFO, READY, UP
from ragpulse.metric import Metric, Sample, one_of


class RagProbe:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (UP, READY, NODE_INFO, FAILING_STAGE, SLOWEST_STAGE, *rag_tally.EMITS)

    def __init__(
        self,
        plan: Plan,
        question: str,
        stages: Mapping[str, StageRequest],
        clocks: Clocks = MACHINE,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.name = f"probe:{plan.service}"
        self.interval = plan.interval
        self.timeout = plan.request_timeout + 1.0
        self._plan = plan
        self._question = question
        self._stages = stages
        self._clock = clock
        self._tally = RagTally(plan.service, tuple(stages), plan.targets, clocks)
        self._usual = Usual()

    def read(self) -> Iterator[Sample]:
        run = self._tally.start()
        walked = self._walk()
        self._tally.record(run, walked)
        slowest = self._usual.slowest(walked.times)
        for stage, seconds in walked.good.items():
            self._usual.add(stage, seconds)
        service, is_whole = self._plan.service, not walked.reason
        return iter(
            [
                UP(is_whole, service=service),
                READY(is_whole, service=service),
                *(NODE_INFO(1, service=service, node_name=node) for node in self._plan.nodes),
                *one_of(FAILING_STAGE, "stage", self._stages, walked.failing or "", service=service),
                *one_of(SLOWEST_STAGE, "stage", self._stages, slowest, service=service),
            ]
        )

    def counters(self) -> Iterator[Sample]:
        return self._tally.samples()

    def cut(self) -> None:
        self._tally.cut()

    def _walk(self) -> Walked:
        begin = self._clock()
        walk = Walk(self._question, lambda: self._clock() - begin)
        times: dict[str, float] = {}
        reason = ""
        behind = len(self._stages)
        for name, stage in self._stages.items():
            self._tally.comes_to(name)
            behind -= 1
            start = walk.elapsed()
            walk.left = self._plan.request_timeout * (1 - behind / len(self._stages)) - start
            try:
                with stage.client.within(walk.left):
                    stage.ask(walk)
            except Failure as failure:
                reason = failure.reason
            times[name] = walk.elapsed() - start
            if reason:
                break
        return Walked(walk, times, reason, walk.elapsed())
