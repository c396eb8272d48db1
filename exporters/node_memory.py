"""Is there memory left, and what did its want cost? Source: /proc/meminfo and /proc/vmstat; bytes and events.

Without swap space there are no swap sizes: 0 free of 0 would read as full. What a kernel does not count has no sample.
Errors: SourceError for a file that cannot be read or understood.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from exporters.kernel_files import KernelReading
from ragpulse.catalogue.node import (
    MAJOR_FAULTS,
    MEMORY_AVAILABLE,
    MEMORY_TOTAL,
    OOM_KILLS,
    SWAP_FREE,
    SWAP_TOTAL,
    SWAPPED_IN,
    SWAPPED_OUT,
)
from ragpulse.metric import Metric, Sample

_KIB = 1024


class NodeMemory(KernelReading):
    name: str = "node_memory"
    emits: tuple[Metric, ...] = (
        MEMORY_TOTAL,
        MEMORY_AVAILABLE,
        SWAP_TOTAL,
        SWAP_FREE,
        SWAPPED_IN,
        SWAPPED_OUT,
        OOM_KILLS,
        MAJOR_FAULTS,
    )

    def __init__(self, root: Path = Path("/"), page_bytes: int | None = None) -> None:
        super().__init__(root)
        page = page_bytes or os.sysconf("SC_PAGE_SIZE")
        self._events = (
            ("pswpin", SWAPPED_IN, page),
            ("pswpout", SWAPPED_OUT, page),
            ("oom_kill", OOM_KILLS, 1),
            ("pgmajfault", MAJOR_FAULTS, 1),
        )

    def readings(self) -> Iterator[Sample]:
        yield from self._sizes()
        events = self._files.table("proc/vmstat")
        for key, metric, unit in self._events:
            if key in events:
                yield metric(events[key] * unit)

    def _sizes(self) -> Iterator[Sample]:
        kib = self._files.table("proc/meminfo")
        for key, metric in (("MemTotal", MEMORY_TOTAL), ("MemAvailable", MEMORY_AVAILABLE)):
            if key in kib:
                yield metric(kib[key] * _KIB)
        if kib.get("SwapTotal"):
            yield SWAP_TOTAL(kib["SwapTotal"] * _KIB)
            if "SwapFree" in kib:
                yield SWAP_FREE(kib["SwapFree"] * _KIB)
