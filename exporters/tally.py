"""The counters of one service's probe: requests, failures by reason, within target, duration; all from 0 at the start.

A run that the runner has cut no longer counts: its outcomes, when they come at last, belong to nobody. Nor do those
of a run into which a suspend of this machine falls: no service is to blame for it.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence

from exporters.clocks import MACHINE, Clocks
from exporters.latency_counts import LatencyCounts
from ragpulse.catalogue.service import DURATION, FAILURES, REASONS, REQUESTS, WITHIN_TARGET
from ragpulse.metric import Sample

EMITS = (REQUESTS, FAILURES, WITHIN_TARGET, DURATION)


class ProbeTally:
    """`targets`: check → response-time target in seconds; a check without one has no within-target series.
    `reasons`: what a failure can be.
    """

    def __init__(
        self,
        service: str,
        checks: Sequence[str],
        targets: Mapping[str, float],
        clocks: Clocks = MACHINE,
        reasons: Sequence[str] = REASONS,
    ) -> None:
        self._service = service
        self._checks = {check: _Check(targets.get(check), reasons) for check in checks}
        self._lock = threading.Lock()
        self._generation = 0
        self._clocks = clocks
        self._asleep = 0.0
        self._open: set[str] | None = None  # checks that the current run owes an outcome; None when it was cut

    def start(self) -> "ProbeRun":
        """A new run: record each check's outcome on it."""
        with self._lock:
            self._generation += 1
            self._asleep = self._clocks.asleep()
            self._open = set(self._checks)
            return ProbeRun(self, self._generation)

    def cut(self) -> None:
        """What the current run still owes has failed; for a further due run while it hangs, every check has."""
        with self._lock:
            for check in self._checks if self._open is None else self._open:
                self._checks[check].fail("deadline")
            self._open = None
            self._generation += 1

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            found = [sample for name, check in self._checks.items() for sample in check.samples(self._service, name)]
        yield from found

    def waive(self, generation: int, check: str) -> None:
        with self._lock:
            if self._open is not None and generation == self._generation:
                self._open.discard(check)

    def record(self, generation: int, check: str, seconds: float, reason: str | None) -> bool:
        with self._lock:
            if self._open is None or generation != self._generation or self._clocks.slept_since(self._asleep):
                return False
            self._open.discard(check)
            if reason is None:
                self._checks[check].succeed(seconds)
            else:
                self._checks[check].fail(reason)
            return True


class ProbeRun:
    """`good` and `bad` say whether the outcome counts."""

    def __init__(self, tally: ProbeTally, generation: int) -> None:
        self._tally = tally
        self._generation = generation

    def good(self, check: str, seconds: float) -> bool:
        return self._tally.record(self._generation, check, seconds, None)

    def bad(self, check: str, reason: str) -> bool:
        """`reason` is one of the tally's."""
        return self._tally.record(self._generation, check, 0.0, reason)

    def uncounted(self, check: str) -> None:
        """It was asked and answered, and is no figure of this tally."""
        self._tally.waive(self._generation, check)


class _Check:
    def __init__(self, target: float | None, reasons: Sequence[str]) -> None:
        self.target = target
        self.requests = 0
        self.within_target = 0
        self.failures = dict.fromkeys(reasons, 0)
        self.durations = LatencyCounts()

    def succeed(self, seconds: float) -> None:
        self.requests += 1
        self.within_target += self.target is not None and seconds <= self.target
        self.durations.add(seconds)

    def fail(self, reason: str) -> None:
        self.requests += 1
        self.failures[reason] += 1

    def samples(self, service: str, check: str) -> Iterator[Sample]:
        yield REQUESTS(self.requests, service=service, check=check)
        for reason, count in self.failures.items():
            yield FAILURES(count, service=service, check=check, reason=reason)
        if self.target is not None:
            yield WITHIN_TARGET(self.within_target, service=service, check=check)
        yield from DURATION.buckets(self.durations.cumulative(), self.durations.seconds, service=service, check=check)
