"""What time is it on this node, can that be believed, and when did it start? Source: the clock, adjtimex, /proc/stat.

Unix time in seconds. Where a sandbox refuses adjtimex, nothing is said about synchronisation.
Errors: SourceError for a /proc/stat that cannot be understood.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from exporters.kernel_clock import ClockState, clock_state
from exporters.kernel_files import KernelReading, count
from ragpulse.catalogue.node import BOOT_TIME, CLOCK, CLOCK_OFFSET, CLOCK_SYNCHRONISED
from ragpulse.metric import Metric, Sample


class NodeClock(KernelReading):
    name: str = "node_clock"
    emits: tuple[Metric, ...] = (CLOCK, CLOCK_SYNCHRONISED, CLOCK_OFFSET, BOOT_TIME)

    def __init__(
        self,
        root: Path = Path("/"),
        clock: Callable[[], float] = time.time,
        state: Callable[[], ClockState | None] = clock_state,
    ) -> None:
        super().__init__(root)
        self._clock = clock
        self._state = state

    def readings(self) -> Iterator[Sample]:
        yield CLOCK(self._clock())
        state = self._state()
        if state is not None:
            yield CLOCK_SYNCHRONISED(state.synchronised)
            if state.offset is not None:
                yield CLOCK_OFFSET(state.offset)
        name = "proc/stat"
        text = self._files.text(name)
        if text is not None:
            with self._files.understood(name):
                rows = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
                booted = count(rows["btime"])
            yield BOOT_TIME(booted)
