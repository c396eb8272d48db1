"""A simulated library, an open NVML over it, a /proc of the test's making, and the source that tells who uses a GPU."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynvml
import pytest

from exporters.gpu_consumers import GpuConsumers
from exporters.nvml import Nvml
from ragpulse.demo.gpu.library import NvmlLibrary
from tests.fakes.machine import Machine, shown
from tests.fakes.nvml_library import Begin, Clock

GIB = 1 << 30


class UsersRig:
    """An open NVML over a simulated library, and the source that is tested."""

    def __init__(self, begin: Begin, root: Path, scenario: str, **settings: Any) -> None:
        self.clock = Clock()
        self.library: NvmlLibrary = begin(scenario, self.clock)
        self.nvml = Nvml(lambda: pynvml)
        self.nvml.open()
        self.machine = Machine(root)
        self.source = GpuConsumers(self.nvml, root=root, **settings)

    def process(self, pid: int, comm: str = "python3", cgroup: str = "0::/") -> None:
        self.machine.write(f"proc/{pid}/comm", f"{comm}\n")
        self.machine.write(f"proc/{pid}/cgroup", f"{cgroup}\n")

    def running(self, *processes: dict[str, Any], gpu: int = 0) -> None:
        """Without a name of its own, a process is a program of the name `p<pid>`."""
        self.library.plugged[gpu].processes = list(processes)
        for each in processes:
            if not (self.machine.root / f"proc/{each['pid']}").exists():
                self.process(each["pid"], f"p{each['pid']}")

    def run(self, seconds: float = 5.0) -> dict[str, float]:
        self.clock.pass_(seconds)
        return shown(self.source)


NewRig = Callable[..., UsersRig]


@pytest.fixture
def users_rig(nvml_library: Begin, tmp_path: Path) -> NewRig:
    return lambda scenario="rtx_4090", **settings: UsersRig(nvml_library, tmp_path, scenario, **settings)


def memory(kind: str, consumer: str, gpu: int = 0) -> str:
    return f'gpu_consumer_memory_bytes{{gpu="{gpu}",kind="{kind}",consumer="{consumer}"}}'


def sm(kind: str, consumer: str, gpu: int = 0) -> str:
    return f'gpu_consumer_sm_ratio{{gpu="{gpu}",kind="{kind}",consumer="{consumer}"}}'


def of(name: str, found: dict[str, float]) -> list[str]:
    return [key for key in found if key.startswith(name)]
