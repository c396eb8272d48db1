"""What do the processors do, and how many tasks want them? Source: /proc/stat and /proc/loadavg; seconds.

The kernel counts the time of guests in `user` and `nice` already, so the modes add up to all time without them.
Errors: SourceError for a file that cannot be read or understood.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from exporters.kernel_files import KernelReading, count
from ragpulse.catalogue.node import CPU_COUNT, CPU_MODES, CPU_SECONDS, LOAD
from ragpulse.metric import Metric, Sample

_WINDOWS = ("1m", "5m", "15m")
# Idle and iowait are estimates that the kernel takes back by a few ticks now and then. To Prometheus any fall of a
# counter is a restart from 0, so a small one is not shown; a larger one is a restart.
_TAKEN_BACK_SECONDS = 5.0


class NodeCpu(KernelReading):
    name: str = "node_cpu"
    emits: tuple[Metric, ...] = (CPU_SECONDS, CPU_COUNT, LOAD)

    def __init__(self, root: Path = Path("/"), ticks_per_second: int | None = None) -> None:
        super().__init__(root)
        self._ticks_per_second = ticks_per_second or os.sysconf("SC_CLK_TCK")
        self._shown: dict[str, float] = {}

    def readings(self) -> Iterator[Sample]:
        yield from self._processors()
        yield from self._load()

    def _processors(self) -> Iterator[Sample]:
        name = "proc/stat"
        text = self._files.text(name)
        if text is None:
            return
        with self._files.understood(name):
            rows = {row[0]: row[1:] for row in (line.split() for line in text.splitlines()) if row}
            seconds = [count(ticks) / self._ticks_per_second for ticks in rows["cpu"]]
        for mode, value in zip(CPU_MODES, seconds, strict=False):  # old kernels know fewer modes, new ones guests too
            yield CPU_SECONDS(self._never_falling(mode, value), mode=mode)
        yield CPU_COUNT(sum(row.startswith("cpu") and row != "cpu" for row in rows))

    def _never_falling(self, mode: str, seconds: float) -> float:
        before = self._shown.get(mode, 0.0)
        if seconds < before <= seconds + _TAKEN_BACK_SECONDS:
            return before
        self._shown[mode] = seconds
        return seconds

    def _load(self) -> Iterator[Sample]:
        name = "proc/loadavg"
        text = self._files.text(name)
        if text is None:
            return
        with self._files.understood(name):
            loads = [float(word) for word in text.split()[:3]]
            pairs = list(zip(_WINDOWS, loads, strict=True))
        for window, load in pairs:
            yield LOAD(load, window=window)
