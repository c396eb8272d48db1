"""A machine with simulated GPUs, as sources see it: NVML opened through the unmodified binding, and /proc/meminfo."""

from collections.abc import Callable
from pathlib import Path

import pynvml
import pytest

from exporters.nvml import Nvml
from ragpulse.demo.gpu.scenario import Scenario, named
from tests.fakes.machine import Machine
from tests.fakes.nvml_library import Begin, Clock


class GpuRig:
    """`root` for sources that read files, `nvml` and `clock` for the others; `library` to change what happens."""

    def __init__(self, begin: Begin, scenario: Scenario, root: Path) -> None:
        self.clock = Clock()
        self.library = begin(scenario, self.clock)
        self.root = root
        self.nvml = Nvml(load=lambda: pynvml)
        self.nvml.open()
        self.write_memory(**scenario.get("node", {"MemTotal": 65_000_000, "MemAvailable": 60_000_000}))

    def write_memory(self, **kib: int) -> None:
        lines = (f"{name}: {size}{'' if name.startswith('HugePages_') else ' kB'}\n" for name, size in kib.items())
        Machine(self.root).write("proc/meminfo", "".join(lines))


Build = Callable[..., GpuRig]


@pytest.fixture
def gpu_rig(nvml_library: Begin, tmp_path: Path) -> Build:
    """`gpu_rig(scenario, **changes)`: a scenario by name, with answers or fields of its first device replaced."""

    def build(name: str, **changes: object) -> GpuRig:
        scenario = named(name)
        for key, values in changes.items():
            scenario["devices"][0][key] = {**scenario["devices"][0].get(key, {}), **values}  # type: ignore[dict-item]
        return GpuRig(nvml_library, scenario, tmp_path)

    return build
