"""Does DCGM run on this node? It uses the performance counters that GPM uses, and the two would disturb each other.

Source: the names of the processes in /proc, for DCGM itself and NVIDIA's exporter, in a container or not; looked at
once a minute, for on a busy node that is a thousand files. It cannot be seen where other users' processes are hidden
(hidepid), nor from a container with a PID namespace of its own; a DCGM that runs without measuring activity looks like
one that does. Seconds. Errors: SourceError.
"""

import errno
import time
from collections.abc import Callable
from pathlib import Path

from exporters.kernel_files import KernelFiles

PROGRAMS = frozenset({"dcgm-exporter", "nv-hostengine"})
_EVERY = 60.0
_GONE_OR_HIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.ESRCH})


class Dcgm:
    def __init__(self, root: Path = Path("/"), clock: Callable[[], float] = time.monotonic) -> None:
        self._files = KernelFiles(root)
        self._clock = clock
        self._looked: float | None = None
        self._runs = False

    def runs(self) -> bool:
        now = self._clock()
        if self._looked is None or now - self._looked >= _EVERY:
            self._runs = any(self._program(name) in PROGRAMS for name in self._files.names("proc") if name.isdigit())
            self._looked = now
        return self._runs

    def _program(self, pid: str) -> str:
        return (self._files.text(f"proc/{pid}/comm", absent=_GONE_OR_HIDDEN) or "").strip()
