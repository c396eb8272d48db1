"""On what was it measured? The version, and a class of machine: nothing that names one."""

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ragpulse import __version__
from ragpulse.drill.cluster import FAST_STEP, STEP
from ragpulse.units import prometheus_duration


def commit() -> str:
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


def cores() -> str:
    shared = "shared " if "hypervisor" in Path("/proc/cpuinfo").read_text().split() else ""
    return f"{len(os.sched_getaffinity(0))} {shared}{platform.machine().replace('_', '-')} cores"


def about(command: str) -> dict[str, Any]:
    return {
        "command": command,
        "commit": commit(),
        "intervals": {"usual": prometheus_duration(STEP), "accelerated": prometheus_duration(FAST_STEP)},
        "machine": f"{cores()}, Python {platform.python_version()}, ragpulse {__version__}",
    }
