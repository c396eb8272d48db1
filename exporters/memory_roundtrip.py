"""Is a memory that is written there to be read, and how soon? Written, read back by its id, deleted, now and then.

Off unless the cluster file enables it, and never in the probe: each trip leaves traces in the services that were looked
at (a tombstone for each delete). It is made by one node. What earlier trips have left is deleted first. A memory is
readable once an answer to its id holds the text of this trip; until then it is asked for again, for `readable_within`
at most. Seconds. Errors: SecretError.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from exporters import memory_request, tally
from exporters.clocks import MACHINE, Clocks
from exporters.http_client import Failure
from exporters.latency_counts import LatencyCounts
from exporters.memory_trip import MergedText, OtherText, Trip, new_nonce
from exporters.probe import Plan
from exporters.tally import ProbeRun, ProbeTally
from ragpulse.catalogue.memory import DELETE, LEFTOVERS, LOST, READ_BACK, READABLE_AFTER, WRITE
from ragpulse.catalogue.service import REASONS
from ragpulse.metric import Metric, Sample

if TYPE_CHECKING:
    from ragpulse.services import Memory

_SWEEPING = 60.0
_REQUESTS = 5  # that can each take their whole time: list, the last of the sweep, write, the last read, delete
_MOST_LEFT = 100  # ids that are remembered
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class MemoryRoundTripSource:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (READABLE_AFTER, LEFTOVERS, *tally.EMITS)

    def __init__(
        self, plan: Plan, memory: Memory, clocks: Clocks = MACHINE, pause: Callable[[float], None] = time.sleep
    ) -> None:
        settings = memory.roundtrip
        self.name = f"roundtrip:{plan.service}"
        self.interval = settings.every
        self.timeout = _REQUESTS * settings.timeout + settings.readable_within + _SWEEPING + 1.0
        self._service = plan.service
        self._readable_within = settings.readable_within
        self._clocks = clocks
        self._pause = pause
        self._client = memory_request.client(memory, settings.timeout)
        self._trip = Trip(self._client, settings)
        self._left: dict[str, None] = {}  # ids that may still be there, oldest first
        self._tally = ProbeTally(plan.service, (WRITE, READ_BACK, DELETE), {}, clocks, (*REASONS, LOST))
        self._lock = threading.Lock()
        self._readable_after = LatencyCounts()

    def read(self) -> Iterator[Sample]:
        with self._client, contextlib.closing(self._client):
            self._sweep()
            self._travel(self._tally.start())
        return iter([LEFTOVERS(len(self._left), service=self._service)])

    def counters(self) -> Iterator[Sample]:
        yield from self._tally.samples()
        with self._lock:
            counts = self._readable_after
            found = list(READABLE_AFTER.buckets(counts.cumulative(), counts.seconds, service=self._service))
        yield from found

    def cut(self) -> None:
        self._tally.cut()

    def _sweep(self) -> None:
        """What cannot be listed or deleted now is left for the next trip."""
        ends = self._clocks.awake() + _SWEEPING
        with contextlib.suppress(Failure):
            self._left |= dict.fromkeys(self._trip.leftovers())
            self._left = dict.fromkeys(islice(self._left, _MOST_LEFT))
        for memory_id in list(self._left):
            if self._clocks.awake() >= ends:
                return
            with contextlib.suppress(Failure):
                self._trip.delete(memory_id)
                del self._left[memory_id]

    def _travel(self, run: ProbeRun) -> None:
        nonce = new_nonce()
        try:
            answer, memory_id = self._trip.write(nonce)
        except Failure as failure:
            run.bad(WRITE, failure.reason)
            return
        run.good(WRITE, answer.seconds)
        self._left[memory_id] = None
        try:
            self._read_back(run, memory_id, nonce)
        finally:
            if memory_id in self._left:
                self._delete(run, memory_id)

    def _read_back(self, run: ProbeRun, memory_id: str, nonce: str) -> None:
        accepted, pause = self._clocks.awake(), _FIRST_PAUSE
        while True:
            asked = self._clocks.awake()
            try:
                answer = self._trip.read(memory_id, nonce)
            except Failure as failure:
                left = accepted + self._readable_within - self._clocks.awake()
                if left <= 0 or failure.reason == "auth" or isinstance(failure, MergedText):
                    run.bad(READ_BACK, failure.reason)
                    if isinstance(failure, OtherText):
                        del self._left[memory_id]  # it is not ours to delete
                    return
                self._pause(min(pause, left))
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                if run.good(READ_BACK, answer.seconds):
                    with self._lock:
                        self._readable_after.add(asked - accepted)
                return

    def _delete(self, run: ProbeRun, memory_id: str) -> None:
        try:
            answer = self._trip.delete(memory_id)
        except Failure as failure:
            run.bad(DELETE, failure.reason)
        else:
            run.good(DELETE, answer.seconds)
            del self._left[memory_id]
