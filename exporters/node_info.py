"""What runs on this node: kernel, machine, system, and how many processes? Source: /proc and os-release.

Where /proc hides the processes of others (hidepid) there is no number of them, and that is told.
Errors: SourceError for a file that cannot be read or understood.
"""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from exporters.kernel_files import KernelReading
from ragpulse.catalogue.node import INFO, PROCESSES
from ragpulse.metric import Metric, Sample

_SYSTEM_FILES = ("etc/os-release", "usr/lib/os-release")
_FIRST = "1"  # every table of processes that is whole begins with it
_SYSTEM_UNNAMED = "Linux"  # the default that os-release(5) gives


class NodeInfo(KernelReading):
    name: str = "node_info"
    emits: tuple[Metric, ...] = (INFO, PROCESSES)

    def __init__(self, root: Path = Path("/"), machine: str | None = None) -> None:
        super().__init__(root)
        self._machine = machine or os.uname().machine

    def readings(self) -> Iterator[Sample]:
        kernel = self._files.text("proc/sys/kernel/osrelease")
        if kernel is not None:
            yield INFO(1, kernel=kernel.strip(), machine=self._machine, system=self._system())
        processes = [name for name in self._files.names("proc") if name.isdigit()]
        if _FIRST in processes:
            yield PROCESSES(len(processes))
        elif processes:
            self._files.missing(self._files.path("proc"), "hides the processes of others (hidepid)")

    def _system(self) -> str:
        for name in _SYSTEM_FILES:
            text = self._files.text(name)
            if text is None:
                continue
            with self._files.understood(name):
                for line in text.splitlines():
                    if line.startswith("PRETTY_NAME="):
                        return "".join(shlex.split(line.removeprefix("PRETTY_NAME=")))
            break
        return _SYSTEM_UNNAMED
