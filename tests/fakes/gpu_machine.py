"""A machine with the GPUs of a scenario: their library, what its kernel shows of them, and the one NVML of an agent."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pynvml
import pytest

from exporters.gpu_state import GpuState
from exporters.nvml import Nvml
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import named
from tests.fakes.machine import Machine, shown
from tests.fakes.nvml_library import Begin, Clock


class GpuMachine:
    def __init__(self, scenario: str, begin: Begin, root: Path) -> None:
        self.clock = Clock()
        self.root = root
        self.files = Machine(root)
        self.library: NvmlLibrary = begin(scenario, self.clock)
        node = named(scenario).get("node", {"MemTotal": 527_000_000})
        self.files.write("proc/meminfo", "".join(f"{name}: {value} kB\n" for name, value in node.items()))
        for index in range(len(self.library.plugged)):
            self.put_on_bus(index)
        self.nvml = Nvml(load=lambda: pynvml)
        self.state = GpuState(self.nvml, root=root, clock=self.clock)

    def put_on_bus(self, number: int) -> None:
        for name, text in (("vendor", "0x10de"), ("class", "0x030200")):
            self.files.write(f"sys/bus/pci/devices/{_address(number)}/{name}", f"{text}\n")
        self.files.folder(f"proc/driver/nvidia/gpus/{_address(number)}")

    def look(self) -> dict[str, float]:
        """What the page says after a run of gpu_state, which comes every 10 s."""
        self.clock.pass_(self.state.interval)
        return shown(self.state)

    def take_off_bus(self, number: int) -> None:
        for folder in ("sys/bus/pci/devices", "proc/driver/nvidia/gpus"):
            shutil.rmtree(self.root / folder / _address(number))


def _address(number: int) -> str:
    return f"{number:04x}:01:00.0"


NewMachine = Callable[[str], GpuMachine]


@pytest.fixture
def gpu_machine(nvml_library: Begin, tmp_path: Path) -> NewMachine:
    """`gpu_machine(scenario)`: one in a test."""
    return lambda scenario: GpuMachine(scenario, nvml_library, tmp_path)


def state(found: dict[str, float]) -> str:
    (name,) = (key.split('"')[1] for key, value in found.items() if key.startswith("gpu_state{") and value == 1)
    return name


def reasons(found: dict[str, float]) -> set[str]:
    return {key.split('"')[1] for key in found if key.startswith("gpu_unavailable{")}


def up(found: dict[str, float]) -> dict[str, float]:
    return {key.split('"')[1]: value for key, value in found.items() if key.startswith("gpu_up{")}
