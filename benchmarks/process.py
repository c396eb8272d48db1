"""What does a running process cost? CPU seconds, memory in bytes, threads and open descriptors.

Source: the CPU clock of the process (clock_getcpuclockid(3)) and /proc/<pid>. The clock says in nanoseconds what
`utime` and `stime` of /proc/<pid>/stat say in ticks of 10 ms, of all its threads, those that have ended included: one
scrape costs less than a tick. Errors: OSError when the process has gone or is somebody else's.
"""

import ctypes
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_KIB = 1024
_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Holdings:
    """`pss`: resident memory with what is shared divided among its users; None where it may not be read."""

    rss: int
    pss: int | None
    threads: int
    descriptors: int


def cpu_seconds(pid: int) -> float:
    clock = ctypes.c_int()
    if error := _libc.clock_getcpuclockid(pid, ctypes.byref(clock)):
        raise OSError(error, os.strerror(error), f"pid {pid}")
    return time.clock_gettime(clock.value)


def cpu_shares(pids: Mapping[str, int], during: Callable[[], object]) -> dict[str, float]:
    """Name → share of one core that its process took while `during` went on."""
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    begin = time.monotonic()
    during()
    seconds = time.monotonic() - begin
    return {name: (cpu_seconds(pid) - before[name]) / seconds for name, pid in pids.items()}


def holdings(pid: int) -> Holdings:
    proc = Path("/proc", str(pid))
    status = fields((proc / "status").read_text())
    try:
        pss = kib(fields((proc / "smaps_rollup").read_text())["Pss"])
    except OSError:
        pss = None
    return Holdings(kib(status["VmRSS"]), pss, int(status["Threads"]), len(list((proc / "fd").iterdir())))


def fields(text: str) -> dict[str, str]:
    """`Name: value` on each line, as in `status` and `smaps_rollup`; lines of another shape are left out."""
    parted = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, colon, value in parted if colon}


def kib(value: str) -> int:
    """Bytes of `69304 kB`. Errors: ValueError for another unit."""
    number, unit = value.split()
    if unit != "kB":
        raise ValueError(f"{value!r} is not in kB")
    return int(number) * _KIB
