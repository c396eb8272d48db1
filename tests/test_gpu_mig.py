"""MIG instances as rows of their own, over the unmodified binding; the GPU that is cut stays what it is."""

from collections.abc import Callable
from pathlib import Path

import pynvml
import pytest

from exporters.gpu_load import GpuLoad
from exporters.gpu_memory import GpuMemory
from exporters.gpu_mig import GpuMig
from exporters.nvml import Nvml
from ragpulse.demo.gpu.library import NvmlLibrary
from tests.fakes.machine import Machine, samples, shown
from tests.fakes.nvml_library import Begin, Clock
from tests.fakes.partial import given

CUT = 7
FIRST, SECOND = (f'gpu="{CUT}",mig="{index}"' for index in (0, 1))


class Rig:
    def __init__(self, begin: Begin, scenario: str) -> None:
        self.clock = Clock()
        self.library: NvmlLibrary = begin(scenario, self.clock)
        self.nvml = Nvml(lambda: pynvml)
        self.nvml.open()
        self.source = GpuMig(self.nvml)


@pytest.fixture
def rig(nvml_library: Begin) -> Callable[[str], Rig]:
    return lambda scenario: Rig(nvml_library, scenario)


def test_each_instance_has_its_profile_and_memory(rig: Callable[[str], Rig]) -> None:
    assert shown(rig("h100x8_mig").source) == {
        f'gpu_mig_info{{{FIRST},profile="3g.40gb"}}': 1,
        f"gpu_mig_memory_used_bytes{{{FIRST}}}": 24738004992,
        f"gpu_mig_memory_total_bytes{{{FIRST}}}": 42949672960,
        f'gpu_mig_info{{{SECOND},profile="1g.10gb"}}': 1,
        f"gpu_mig_memory_used_bytes{{{SECOND}}}": 4321967104,
        f"gpu_mig_memory_total_bytes{{{SECOND}}}": 10200547328,
    }


@pytest.mark.parametrize("scenario", ["rtx_4090", "spark_busy"])
def test_a_card_that_cannot_be_cut_has_no_rows_and_that_is_no_fault(rig: Callable[[str], Rig], scenario: str) -> None:
    assert samples(rig(scenario).source) == []


def test_mig_mode_without_an_instance_has_no_rows(rig: Callable[[str], Rig]) -> None:
    here = rig("h100x8_mig")
    here.library.plugged[CUT].instances.clear()
    assert samples(here.source) == []


def test_a_mode_that_only_comes_with_the_next_reset_is_not_there_yet(rig: Callable[[str], Rig]) -> None:
    here = rig("h100x8_mig")
    here.library.set_answer(CUT, "nvmlDeviceGetMigMode", [0, 1])
    assert samples(here.source) == []


def test_compute_instances_of_one_gpu_instance_share_its_memory_which_counts_once(rig: Callable[[str], Rig]) -> None:
    here = rig("h100x8_mig")
    first, second = here.library.plugged[CUT].instances
    second.gpu_instance, second.compute_instance = first.gpu_instance, 1
    first.answers["nvmlDeviceGetName"] = "NVIDIA H100 80GB HBM3 MIG 2c.3g.40gb"
    second.answers["nvmlDeviceGetName"] = "NVIDIA H100 80GB HBM3 MIG 1c.3g.40gb"
    found = shown(here.source)
    assert f'gpu_mig_info{{{FIRST},profile="2c.3g.40gb"}}' in found
    assert f'gpu_mig_info{{{SECOND},profile="1c.3g.40gb"}}' in found
    assert [key for key in found if "memory_used" in key] == [f"gpu_mig_memory_used_bytes{{{FIRST}}}"]


def test_a_driver_without_the_second_version_of_memory_is_asked_for_the_first(rig: Callable[[str], Rig]) -> None:
    here = rig("h100x8_mig")
    for instance in here.library.plugged[CUT].instances:
        instance.answers["nvmlDeviceGetMemoryInfo_v2"] = None
    assert shown(here.source)[f"gpu_mig_memory_used_bytes{{{FIRST}}}"] == 24738004992


def test_what_an_instance_does_not_say_is_left_out_or_unknown(rig: Callable[[str], Rig]) -> None:
    here = rig("h100x8_mig")
    for function in ("GetMemoryInfo", "GetMemoryInfo_v2", "GetName", "GetUUID"):
        here.library.plugged[CUT].instances[0].answers[f"nvmlDevice{function}"] = "NVML_ERROR_NO_PERMISSION"
    found = shown(here.source)
    assert [key for key in found if FIRST in key] == [f'gpu_mig_info{{{FIRST},profile="unknown"}}']
    assert [key for key in found if SECOND in key]


def test_instances_are_looked_for_anew_at_each_run(rig: Callable[[str], Rig]) -> None:
    here = rig("h100x8_mig")
    shown(here.source)
    here.library.plugged[CUT].instances.pop(0)
    found = shown(here.source)
    assert f'gpu_mig_info{{{FIRST},profile="1g.10gb"}}' in found
    assert not [key for key in found if SECOND in key]


def test_a_gpu_that_is_cut_has_no_utilisation_and_that_is_no_fault(rig: Callable[[str], Rig]) -> None:
    here = rig("h100x8_mig")
    load = GpuLoad(here.nvml, None, clock=here.clock)
    for _ in range(5):
        here.clock.pass_(2)
        found = shown(load)
    assert 'gpu_busy_seconds_total{gpu="0"}' in found
    assert not [key for key in found if key.startswith(("gpu_busy", "gpu_observed", "gpu_gap")) and f'"{CUT}"' in key]


def test_the_memory_of_the_gpu_is_its_own_figure_beside_those_of_its_instances(
    rig: Callable[[str], Rig], tmp_path: Path
) -> None:
    here = rig("h100x8_mig")
    Machine(tmp_path).write("proc/meminfo", "MemTotal: 2113436912 kB\nMemAvailable: 1983436912 kB\n")
    whole = shown(GpuMemory(here.nvml, tmp_path))
    assert whole[f'gpu_memory_used_bytes{{gpu="{CUT}"}}'] == 30205280256
    assert not [key for key in whole if "mig" in key]


def test_a_lost_gpu_costs_the_instances_of_another_nothing(rig: Callable[[str], Rig]) -> None:
    here = rig("h100x8_mig")
    here.library.lose(0)
    found, missing = given(here.source)
    assert len(found) == 6
    assert "gpu_is_lost" in (missing or "")


def test_a_closed_nvml_has_nothing_to_say(rig: Callable[[str], Rig]) -> None:
    here = rig("h100x8_mig")
    here.nvml.close()
    assert samples(here.source) == []
