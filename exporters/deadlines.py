"""When is the time of each run over? By the time awake: nobody lived what the machine slept through. Seconds.

Not jobs of the scheduler: nearly every run ends long before its deadline, and a job for each would cost as much as
starting the run.
"""

import heapq
import itertools
from math import inf

from exporters.clocks import Clock
from exporters.runner import Runner


class Deadlines:
    """Used by one thread."""

    def __init__(self, awake: Clock) -> None:
        self._awake = awake
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Runner, int]] = []

    def set(self, runner: Runner, run: int) -> None:
        """For a run that begins now."""
        heapq.heappush(self._heap, (self._awake() + runner.source.timeout, next(self._order), runner, run))

    def keep(self) -> float:
        """Cuts what is late; seconds until the next deadline that a run has still to keep, infinite without one."""
        now = self._awake()
        while self._heap:
            moment, _, runner, run = self._heap[0]
            if runner.is_running(run):
                if moment > now:
                    return moment - now
                runner.deadline(run)
            heapq.heappop(self._heap)
        return inf
