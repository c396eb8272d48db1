"""The list of questions is whole: what no self-test tries and no recording holds would be missed on real hardware."""

from pathlib import Path

import pytest

from exporters.gpu_calls import CALLS, FIELDS, SAMPLES
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import Scenario, named
from tests.fakes.gpu_page import page
from tests.fakes.nvml_library import install

KNOWN = {(call.function, call.asked) for call in CALLS} | {("field", (field.number, field.scope)) for field in FIELDS}
# Those that are more than a look-up: how they are asked stands in gpu_look, gpu_record and gpu_selftest themselves.
OTHERS = {
    "nvmlInitWithFlags", "nvmlShutdown", "nvmlErrorString", "nvmlSystemGetDriverVersion", "nvmlSystemGetNVMLVersion",
    "nvmlSystemGetCudaDriverVersion_v2", "nvmlDeviceGetCount_v2", "nvmlDeviceGetHandleByIndex_v2",
    "nvmlDeviceGetMigDeviceHandleByIndex", "nvmlDeviceGetGpuInstanceId", "nvmlDeviceGetComputeInstanceId",
    "nvmlDeviceGetFieldValues", "nvmlDeviceGetSamples", "nvmlDeviceGetComputeRunningProcesses_v3",
    "nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetProcessUtilization", "nvmlDeviceRegisterEvents",
    "nvmlEventSetCreate", "nvmlEventSetFree", "nvmlEventSetWait_v2", "nvmlGpmQueryDeviceSupport", "nvmlGpmSampleAlloc",
    "nvmlGpmSampleFree", "nvmlGpmSampleGet", "nvmlGpmMigSampleGet", "nvmlGpmMetricsGet",
}  # fmt: skip


def old_card() -> Scenario:
    """A driver before 535 and a card without a counter of energy: what the sources fall back to."""
    told = named("rtx_4090")
    told["absent"] = ["nvmlDeviceGetCurrentClocksEventReasons"]
    told["devices"][0]["answers"]["nvmlDeviceGetTotalEnergyConsumption"] = None
    told["devices"][0]["samples"]["0"] = "NVML_ERROR_NOT_SUPPORTED"
    return told


@pytest.mark.parametrize("machine", ["spark_busy", "h100x8_mig", "old card"])
def test_whatever_a_source_asks_stands_in_the_list(machine: str, tmp_path: Path, nvml_library: object) -> None:
    assert nvml_library
    libraries: list[NvmlLibrary] = []

    def note(library: NvmlLibrary) -> None:
        libraries.append(library)
        install(library)

    page(old_card() if machine == "old card" else machine, tmp_path, note, seconds=10)
    (library,) = libraries
    assert library.asked - KNOWN == set()
    assert library.calls.keys() - {function for function, _ in library.asked} - OTHERS == set()
    assert ("nvmlDeviceGetUtilizationRates", ()) in library.asked
    assert library.calls["nvmlDeviceGetPcieThroughput"] == 0, "it blocks for 20 ms"


def test_the_list_asks_for_nothing_twice() -> None:
    assert len(KNOWN) == len(CALLS) + len(FIELDS)
    assert len(SAMPLES) == 2
