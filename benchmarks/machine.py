"""On what was it measured? A class of machine, not the machine: it says nothing that names one."""

import os
import platform
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.connection import PROMETHEUS
from ragpulse import __version__


@dataclass(frozen=True, slots=True)
class Machine:
    """`load`: the load average of a minute at the start; above a few tenths somebody else was at work."""

    date: str
    commit: str
    cores: str
    python: str
    load: float
    versions: str


def this_machine(node_exporter: str) -> Machine:
    shared = "shared " if "hypervisor" in Path("/proc/cpuinfo").read_text().split() else ""
    askers = " and ".join(PROMETHEUS)
    return Machine(
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        commit=_commit(),
        cores=f"{len(os.sched_getaffinity(0))} {shared}{platform.machine().replace('_', '-')} cores",
        python=platform.python_version(),
        load=os.getloadavg()[0],
        versions=f"ragpulse {__version__}, node_exporter {node_exporter}, asked in the words of Prometheus {askers}",
    )


def _commit() -> str:
    """`unknown` outside of a checkout."""
    if shutil.which("git") is None:
        return "unknown"
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return found.stdout.strip() or "unknown"
