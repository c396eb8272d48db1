"""A simulated library, an open NVML over it, and the source that reads activity through GPM."""

from collections.abc import Callable
from pathlib import Path

import pynvml
import pytest

from exporters.dcgm import Dcgm
from exporters.gpu_activity import GpuActivity
from exporters.nvml import Nvml
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.metric import series
from tests.fakes.machine import Machine, shown
from tests.fakes.nvml_library import Begin, Clock

CUT = 7  # the GPU of h100x8_mig that is cut into instances


class GpmRig:
    """An open NVML over a simulated library, and the source that is tested."""

    def __init__(self, begin: Begin, scenario: str, root: Path, *, disabled: bool = False) -> None:
        self.clock = Clock()
        self.library: NvmlLibrary = begin(scenario, self.clock)
        self.nvml = Nvml(lambda: pynvml)
        self.nvml.open()
        self.machine = Machine(root)
        self.machine.folder("proc")
        dcgm = Dcgm(root, self.clock)
        self.source = GpuActivity(self.nvml, disabled=disabled, dcgm=dcgm, clock=self.clock)

    def run(self, seconds: float = 5.0) -> dict[str, float]:
        """Time passes, then one run: everything it says."""
        self.clock.pass_(seconds)
        return shown(self.source)

    def state(self, gpu: int = 0, seconds: float = 5.0) -> str | None:
        found = self.run(seconds)
        on = [key for key, value in found.items() if key.startswith(f'gpu_gpm_state{{gpu="{gpu}"') and value]
        assert len(on) < 2
        return on[0].split('"')[3] if on else None

    def counters(self) -> dict[str, float]:
        return {series(each).removeprefix("ragpulse_"): each.value for each in self.source.counters()}

    def buffers(self) -> int:
        return len(self.library.gpm_samples)


NewRig = Callable[..., GpmRig]


@pytest.fixture
def gpm_rig(nvml_library: Begin, tmp_path: Path) -> NewRig:
    return lambda scenario="h100x8_mig", **settings: GpmRig(nvml_library, scenario, tmp_path, **settings)


def active(unit: str, gpu: int = 0) -> str:
    return f'gpu_active_seconds_total{{gpu="{gpu}",unit="{unit}"}}'


def observed(unit: str, gpu: int = 0) -> str:
    return f'gpu_activity_observed_seconds_total{{gpu="{gpu}",unit="{unit}"}}'


def traffic(link: str, direction: str, gpu: int = 0) -> str:
    return f'gpu_gpm_traffic_bytes_total{{gpu="{gpu}",link="{link}",direction="{direction}"}}'


def of_mig(name: str, mig: int, unit: str) -> str:
    return f'gpu_mig_{name}_seconds_total{{gpu="{CUT}",mig="{mig}",unit="{unit}"}}'
