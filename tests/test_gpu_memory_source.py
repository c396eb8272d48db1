"""Memory of a GPU's own, or the node's: told apart by what the GPU is, and never by what goes wrong."""

from pathlib import Path

import pytest

from exporters.gpu_kind import is_unified
from exporters.gpu_memory import GpuMemory
from exporters.nvml_error import NvmlError
from exporters.source import SourceError
from tests.fakes.gpu_rig import Build, GpuRig
from tests.fakes.machine import Machine, shown

KIB = 1024
GIB = 1 << 30
ATS = {"nvmlDeviceGetAddressingMode": {"value": 2}}
NO = "NVML_ERROR_NOT_SUPPORTED"
UNKNOWN_MEMORY = {"nvmlDeviceGetMemoryInfo": NO, "nvmlDeviceGetMemoryInfo_v2": NO}
HAS_96_GIB = {"nvmlDeviceGetMemoryInfo": {"total": 96 * GIB, "free": 90 * GIB, "used": 6 * GIB}}
GRACE_HOPPER = ATS | HAS_96_GIB | {"nvmlDeviceGetName": "NVIDIA GH200 480GB"}


def memory(machine: GpuRig) -> dict[str, float]:
    """What is said of GPU 0."""
    label = '{gpu="0"}'
    found = shown(GpuMemory(machine.nvml, machine.root))
    return {name.removeprefix("gpu_memory_").removesuffix(label): v for name, v in found.items() if label in name}


def kind(machine: GpuRig, total: int) -> bool:
    return is_unified(machine.nvml.gpus()[0], total)


def test_a_card_with_memory_of_its_own_tells_used_without_what_is_reserved(gpu_rig: Build) -> None:
    version_2 = {"total": 80 * GIB, "reserved": GIB, "free": 60 * GIB, "used": 19 * GIB}
    machine = gpu_rig("h100x8_mig", answers={"nvmlDeviceGetMemoryInfo_v2": version_2})
    assert memory(machine) == {"used_bytes": 19 * GIB, "total_bytes": 80 * GIB, "reserved_bytes": GIB}


def test_a_driver_older_than_version_2_tells_what_it_can(gpu_rig: Build) -> None:
    machine = gpu_rig("rtx_4090", answers={"nvmlDeviceGetMemoryInfo_v2": "NVML_ERROR_FUNCTION_NOT_FOUND"} | HAS_96_GIB)
    assert memory(machine) == {"used_bytes": 6 * GIB, "total_bytes": 96 * GIB}


def test_on_gb10_used_is_what_the_node_does_not_have_available(gpu_rig: Build) -> None:
    assert memory(gpu_rig("spark_busy")) == {
        "used_bytes": (127600748 - 78123456) * KIB,
        "total_bytes": 127600748 * KIB,
    }


def test_with_huge_pages_only_the_free_ones_are_available(gpu_rig: Build) -> None:
    machine = gpu_rig("spark_busy")
    machine.write_memory(
        MemTotal=1000000, MemAvailable=900000, HugePages_Total=400, HugePages_Free=100, Hugepagesize=2048
    )
    assert memory(machine)["used_bytes"] == (1000000 - 100 * 2048) * KIB


def test_without_a_figure_there_is_no_sample_and_never_a_0(gpu_rig: Build) -> None:
    machine = gpu_rig("spark_busy")
    machine.write_memory(MemTotal=1000000)
    assert memory(machine) == {}
    assert memory(gpu_rig("rtx_4090", answers=UNKNOWN_MEMORY)) == {}


def test_a_meminfo_that_cannot_be_understood_is_an_error_that_names_the_file(gpu_rig: Build, tmp_path: Path) -> None:
    machine = gpu_rig("spark_busy")
    Machine(tmp_path).write("proc/meminfo", "MemTotal: much kB\n")
    with pytest.raises(SourceError, match="proc/meminfo: has an unknown form"):
        memory(machine)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({}, True, id="GB10"),
        pytest.param({"nvmlDeviceGetAddressingMode": NO}, True, id="GB10 of a driver that has no addressing mode"),
        pytest.param({"nvmlDeviceGetName": "NVIDIA Thor"}, True, id="Thor"),
        pytest.param({"nvmlDeviceGetName": "NVIDIA Next"}, True, id="a name that we do not know, with ATS"),
        pytest.param({"nvmlDeviceGetName": "NVIDIA GB100", **HAS_96_GIB}, False, id="GB100 is not GB10"),
        pytest.param(
            {"nvmlDeviceGetMemoryInfo": {"total": 122 * GIB, "free": 1, "used": 1}},
            True,
            id="memory as the node has it",
        ),
        pytest.param(GRACE_HOPPER, False, id="GH200 has ATS and memory of its own"),
        pytest.param(
            GRACE_HOPPER | {"nvmlDeviceGetMemoryInfo": {"total": 144 * GIB, "free": 1, "used": 1}},
            False,
            id="GH200 with more memory than its node",
        ),
        pytest.param(
            GRACE_HOPPER | UNKNOWN_MEMORY | {"nvmlDeviceGetMigMode": [1, 1]}, False, id="GH200 cut into instances"
        ),
        pytest.param(
            {"nvmlDeviceGetName": "NVIDIA RTX", "nvmlDeviceGetAddressingMode": {"value": 1}}, False, id="HMM is not ATS"
        ),
        pytest.param({"nvmlDeviceGetMemoryInfo": "NVML_ERROR_NO_PERMISSION"}, False, id="memory that may not be asked"),
    ],
)
def test_what_is_unified(gpu_rig: Build, answers: dict[str, object], *, expected: bool) -> None:
    assert kind(gpu_rig("spark_busy", answers=answers), 122 * GIB) is expected


def test_a_node_without_a_memory_figure_makes_nothing_unified(gpu_rig: Build) -> None:
    assert kind(gpu_rig("spark_busy", answers=GRACE_HOPPER), 0) is False


@pytest.mark.parametrize("error", ["GPU_IS_LOST", "UNKNOWN", "LIB_RM_VERSION_MISMATCH", "DRIVER_NOT_LOADED"])
def test_an_error_does_not_make_a_gpu_unified(gpu_rig: Build, error: str) -> None:
    machine = gpu_rig("spark_busy", answers=GRACE_HOPPER | {"nvmlDeviceGetMemoryInfo": f"NVML_ERROR_{error}"})
    with pytest.raises(NvmlError, match=error.lower()):
        memory(machine)


def test_what_a_gpu_is_does_not_change_while_nvml_stays_open(gpu_rig: Build) -> None:
    machine = gpu_rig("spark_busy", answers=GRACE_HOPPER | {"nvmlDeviceGetMemoryInfo_v2": NO})
    source = GpuMemory(machine.nvml, machine.root)
    before = shown(source)
    machine.library.set_answer(0, "nvmlDeviceGetMemoryInfo", NO)
    assert shown(source) == {}
    assert before == {'gpu_memory_used_bytes{gpu="0"}': 6 * GIB, 'gpu_memory_total_bytes{gpu="0"}': 96 * GIB}
