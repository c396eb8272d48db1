"""The list of questions is whole: what no self-test tries and no recording holds would be missed on real hardware."""

from pathlib import Path

import pytest

from exporters.gpu_calls import CALLS, FIELDS, SAMPLES
from exporters.gpu_throttle_reasons import counter_fields
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import Scenario, named
from tests.fakes.gpu_page import page
from tests.fakes.gpu_rig import Build
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


def driver_575() -> Scenario:
    """A driver that counts thermal and power-brake time under numbers which its successor gave to other things."""
    told = named("h100x8_mig")
    told["system"]["nvmlSystemGetDriverVersion"] = "575.57.08"
    return told


MACHINES = {"old card": old_card, "driver 575": driver_575}


@pytest.mark.parametrize("machine", ["spark_busy", "h100x8_mig", *MACHINES])
def test_whatever_a_source_asks_stands_in_the_list(machine: str, tmp_path: Path, nvml_library: object) -> None:
    assert nvml_library
    libraries: list[NvmlLibrary] = []

    def note(library: NvmlLibrary) -> None:
        libraries.append(library)
        install(library)

    page(MACHINES[machine]() if machine in MACHINES else machine, tmp_path, note, seconds=10)
    (library,) = libraries
    assert library.asked - KNOWN == set()
    assert library.calls.keys() - {function for function, _ in library.asked} - OTHERS == set()
    assert ("nvmlDeviceGetUtilizationRates", ()) in library.asked
    assert library.calls["nvmlDeviceGetPcieThroughput"] == 0, "it blocks for 20 ms"


@pytest.mark.parametrize(
    ("driver", "since"),
    [
        ("575.57.08", "before driver 580.82"),
        ("580.65.06", "before driver 580.82"),
        ("580.82.07", "since driver 580.82"),
    ],
)
def test_a_counter_that_was_renumbered_is_called_by_the_drivers_that_have_it_there(
    gpu_rig: Build, driver: str, since: str
) -> None:
    machine = gpu_rig("h100x8_mig")
    machine.library.scenario["system"]["nvmlSystemGetDriverVersion"] = driver
    called = {field.number: field.name for field in FIELDS}
    asked = counter_fields(machine.nvml.gpus()[0])
    for reason, words in (
        ("sw_thermal", "software thermal"),
        ("hw_thermal", "hardware thermal"),
        ("power_brake", "power brake"),
    ):
        assert called[asked[reason][0]] == f"throttled: {words} ({since})"


def test_the_list_asks_for_nothing_twice() -> None:
    assert len(KNOWN) == len(CALLS) + len(FIELDS)
    assert len(SAMPLES) == 2
