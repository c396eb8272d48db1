"""`--self-test`: every question with its answer and its cost, whatever the driver makes of them."""

from collections.abc import Callable

import pytest

from exporters.gpu_calls import CALLS, FIELDS
from exporters.gpu_selftest import Clocks, SelfTest
from exporters.nvml import Nvml
from exporters.nvml_error import NvmlError
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import Scenario, named
from tests.fakes.nvml_asked import binding
from tests.fakes.nvml_library import Begin, Clock

Table = dict[str, tuple[str, str]]


def steady(microseconds: float) -> Callable[[], float]:
    """A clock on which everything takes so long."""
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += microseconds / 1e6
        return now

    return clock


def tables(
    told: str | Scenario, nvml_library: Begin, change: Callable[[NvmlLibrary], None] | None = None
) -> list[Table]:
    clock = Clock()
    library = nvml_library(told, clock)
    if change is not None:
        change(library)
    zero = library.scenario["stamps"]["zero"] / 1e6
    base = library.scenario["stamps"]["base"]
    bases = {"epoch": lambda: 5.0, "boot": lambda: 5.0} | {base: lambda: zero + library.now()}
    clocks = Clocks(steady(7.0), clock, clock.pass_, **bases)
    found: list[Table] = []
    for line in SelfTest(Nvml(load=binding), clocks).lines():
        if line.startswith("GPU "):
            found.append({})
        elif line.startswith("| ") and not line.startswith("| question"):
            question, answer, cost = (cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|"))
            found[-1][question] = (answer, cost)
    return found


def test_every_question_has_an_answer_and_a_cost(nvml_library: Begin) -> None:
    (table,) = tables("spark_busy", nvml_library)
    of_one_link = {call.name for call in CALLS if call.function != "nvmlDeviceGetNvLinkState" or call.asked == (0,)}
    assert of_one_link <= table.keys()
    assert {f"field {field.number} ({field.name})" for field in FIELDS} <= table.keys()
    assert table["nvmlDeviceGetTemperature(0)"] == ("works", "7.0")
    assert table["nvmlDeviceGetMemoryInfo_v2"] == ("not supported", "7.0")
    assert table["field 82 (memory temperature)"] == ("works", "7.0")
    assert table["field 197 (PCIe sent)"] == ("not supported", "7.0")
    assert table["activity (GPM)"][0] == "not supported"
    assert table["XID events"][0] == "not supported"


def test_buffers_show_their_period_depth_and_clock(nvml_library: Begin) -> None:
    (spark,) = tables("spark_busy", nvml_library)
    assert spark["samples of power"][0] == "works: 120 kept, every 166.7 ms, stamped since boot"
    (rtx,) = tables("rtx_4090", nvml_library)
    assert rtx["samples of power"][0] == "works: 120 kept, every 20.0 ms, stamped since the epoch"
    (idle,) = tables("spark_idle", nvml_library)
    assert idle["samples of utilization"][0] == "works, nothing recorded (idle?)"


def test_alike_gpus_are_asked_once_and_activity_is_tried_with_a_sample(nvml_library: Begin) -> None:
    whole, cut = tables("h100x8_mig", nvml_library)
    assert whole["activity (GPM): graphics, sm, sm_occupancy, tensor, dram, pcie, nvlink"][0] == "works"
    assert cut["activity (GPM)"][0] == "supported, but no sample has a value"
    assert cut["samples of utilization"][0] == "not supported"
    assert whole["nvmlDeviceGetProcessUtilization"][0] == "works"


def test_a_share_without_samples_works(nvml_library: Begin) -> None:
    told = named("rtx_4090")
    told["devices"][0]["processes"] = []
    (table,) = tables(told, nvml_library)
    assert table["nvmlDeviceGetProcessUtilization"][0] == "works"


def test_errors_stand_in_the_table_and_end_nothing(nvml_library: Begin) -> None:
    def change(library: NvmlLibrary) -> None:
        library.set_answer(0, "nvmlDeviceGetPowerUsage", "NVML_ERROR_UNKNOWN")
        library.absent.add("nvmlDeviceGetMarginTemperature")

    (table,) = tables("rtx_4090", nvml_library, change)
    assert table["nvmlDeviceGetPowerUsage"][0] == "unknown"
    assert table["nvmlDeviceGetMarginTemperature"][0] == "function not found"
    assert table["nvmlDeviceGetName"][0] == "works"


def test_a_gpu_that_is_lost_meanwhile_is_told_as_lost(nvml_library: Begin) -> None:
    told = named("spark_busy")
    told["devices"][0]["answers"]["nvmlDeviceGetPowerUsage"] = "NVML_ERROR_GPU_IS_LOST"
    (table,) = tables(told, nvml_library)
    assert table["nvmlDeviceGetPowerUsage"][0] == "gpu is lost"
    assert table["XID events"][0] == "not supported"


def test_no_samples_are_left_behind(nvml_library: Begin) -> None:
    clock = Clock()
    library = nvml_library("h100x8_mig", clock)
    for _ in SelfTest(Nvml(load=binding), Clocks(steady(1.0), clock, clock.pass_)).lines():
        pass
    made = library.calls
    assert made["nvmlGpmSampleAlloc"] == made["nvmlGpmSampleFree"] > 0
    assert made["nvmlEventSetCreate"] == made["nvmlEventSetFree"] > 0
    assert made["nvmlDeviceGetPcieThroughput"] == 0, "it blocks for 20 ms"
    assert library.opened == 0


def test_a_driver_that_does_not_open_is_an_error(nvml_library: Begin) -> None:
    nvml_library("driver_mismatch", Clock())
    with pytest.raises(NvmlError, match="lib_rm_version_mismatch"):
        list(SelfTest(Nvml(load=binding)).lines())
