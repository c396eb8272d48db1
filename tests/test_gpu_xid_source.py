"""XID errors by GPU and code: none is lost between two runs, when NVML is opened anew, or with its GPU."""

import threading
from typing import Any

import pynvml
import pytest

from exporters.about import About
from exporters.gpu_xid import GpuXid
from exporters.landing import landing
from exporters.nvml_error import NvmlError
from exporters.page import Page
from exporters.runner import Runner
from exporters.source import SourceError
from ragpulse import xid
from tests.fakes.gpu_machine import GpuMachine, NewMachine
from tests.fakes.machine import shown

XID, SINGLE_BIT, DOUBLE_BIT, CLOCK, UNAVAILABLE, RECOVERY = 0x8, 0x1, 0x2, 0x10, 0x4000, 0x8000
NOW = 1.7e9


@pytest.fixture
def machine(gpu_machine: NewMachine) -> GpuMachine:
    machine = gpu_machine("h100x8_mig")
    machine.look()
    return machine


@pytest.fixture
def source(machine: GpuMachine) -> GpuXid:
    source = GpuXid(machine.nvml, wall=lambda: NOW)
    shown(source)
    return source


def errors(source: GpuXid) -> dict[tuple[str, str], float]:
    """(GPU, code) → count, of those that happened. A run of the source comes before."""
    named = {tuple(key.split('"')[1::2]): value for key, value in shown(source).items() if "gpu_xid_errors" in key}
    return {(gpu, code): value for (gpu, code), value in named.items() if value}


def test_what_must_be_awaited_stands_at_0_for_each_gpu_before_anything_happens(source: GpuXid) -> None:
    found = shown(source)
    assert set(found.values()) == {0}
    assert len([key for key in found if key.startswith("gpu_xid_errors_total{")]) == 8 * 9
    for code in (48, 62, 64, 74, 79, 94, 95, 119, 120):
        assert f'gpu_xid_errors_total{{gpu="5",code="{code}"}}' in found
    for event in ("single_bit_ecc", "double_bit_ecc", "unavailable", "recovery_action"):
        assert f'gpu_events_total{{gpu="5",event="{event}"}}' in found


def test_an_error_is_counted_for_its_gpu_and_code_with_its_moment(machine: GpuMachine, source: GpuXid) -> None:
    machine.library.send(2, XID, 48)
    machine.library.send(2, XID, 48)
    machine.library.send(6, XID, 31)
    assert errors(source) == {("2", "48"): 2, ("6", "31"): 1}
    found = shown(source)
    assert found['gpu_xid_last_timestamp_seconds{gpu="2",code="48"}'] == NOW
    assert len([key for key in found if "last_timestamp" in key]) == 2


def test_other_events_are_counted_by_kind_and_what_was_not_asked_for_is_not(
    machine: GpuMachine, source: GpuXid
) -> None:
    for kind in (SINGLE_BIT, SINGLE_BIT, DOUBLE_BIT, UNAVAILABLE, RECOVERY, CLOCK):
        machine.library.send(1, kind, 0)
    counted = {key.split('"')[3]: value for key, value in shown(source).items() if value}
    assert counted == {"single_bit_ecc": 2, "double_bit_ecc": 1, "unavailable": 1, "recovery_action": 1}


def test_an_error_of_a_gpu_that_is_lost_by_it_is_counted_though_nvml_is_opened_anew(
    machine: GpuMachine, source: GpuXid
) -> None:
    machine.library.send(3, XID, 79)
    machine.library.lose(3)
    machine.look()
    assert machine.nvml.openings == 2
    assert errors(source) == {("3", "79"): 1}
    machine.library.send(4, XID, 94)
    assert errors(source) == {("3", "79"): 1, ("4", "94"): 1}, "the others are heard of as before"


def test_while_a_lost_gpu_is_still_in_the_set_no_run_fails_and_the_others_are_heard_of(
    machine: GpuMachine, source: GpuXid
) -> None:
    machine.library.lose(3)
    assert errors(source) == {}
    machine.library.send(4, XID, 94)
    assert errors(source) == {("4", "94"): 1}


def test_after_a_reload_of_the_driver_errors_are_heard_of_again_and_counts_go_on(
    machine: GpuMachine, source: GpuXid
) -> None:
    machine.library.send(0, XID, 119)
    assert errors(source) == {("0", "119"): 1}
    machine.library.fault = machine.library.init_error = "NVML_ERROR_DRIVER_NOT_LOADED"
    machine.look()
    assert errors(source) == {("0", "119"): 1}, "never withheld"
    machine.library.fault = machine.library.init_error = None
    machine.look()
    shown(source)
    machine.library.send(0, XID, 119)
    assert errors(source) == {("0", "119"): 2}


def test_sets_of_events_do_not_pile_up(machine: GpuMachine, source: GpuXid) -> None:
    for _ in range(20):
        machine.nvml.open()
        shown(source)
    assert len(machine.library.events._sets) == 1
    machine.nvml.close()
    assert machine.library.calls["nvmlEventSetFree"] == machine.library.calls["nvmlEventSetCreate"] == 21


@pytest.mark.parametrize("kinds", [None, "NVML_ERROR_NO_PERMISSION", SINGLE_BIT])
def test_a_gpu_without_xid_events_has_no_series_and_the_landing_page_says_so(
    gpu_machine: NewMachine, kinds: Any
) -> None:
    machine = gpu_machine("rtx_4090")
    machine.library.set_answer(0, "nvmlDeviceGetSupportedEventTypes", kinds)
    machine.look()
    source = GpuXid(machine.nvml)
    assert not [key for key in shown(source) if "xid" in key]
    assert source.note == "GPU 0 reports no XID errors"


def test_a_spark_is_not_said_to_be_free_of_errors(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("spark_busy")
    machine.look()
    source = GpuXid(machine.nvml)
    assert shown(source) == {}
    assert source.note == "GPU 0 reports no XID errors"


def test_a_gpu_that_cannot_be_registered_costs_the_others_nothing(machine: GpuMachine) -> None:
    machine.library.fail("nvmlDeviceRegisterEvents", "NVML_ERROR_UNKNOWN", after=2)
    source = GpuXid(machine.nvml, wall=lambda: NOW)
    with pytest.raises(NvmlError, match="unknown to nvmlDeviceRegisterEvents of GPU 2"):
        source.read()
    machine.library.send(7, XID, 62)
    assert errors(source) == {("7", "62"): 1}


def test_a_gpu_that_could_not_be_registered_is_tried_again(machine: GpuMachine) -> None:
    machine.library.set_answer(2, "nvmlDeviceGetSupportedEventTypes", "NVML_ERROR_UNKNOWN")
    source = GpuXid(machine.nvml, wall=lambda: NOW)
    for _ in range(2):
        with pytest.raises(NvmlError, match="unknown to nvmlDeviceGetSupportedEventTypes of GPU 2"):
            source.read()
    machine.library.set_answer(2, "nvmlDeviceGetSupportedEventTypes", XID)
    source.read()
    machine.library.send(2, XID, 79)
    assert errors(source) == {("2", "79"): 1}


def test_a_set_that_could_not_be_made_is_tried_again_and_one_that_cannot_be_had_is_no_fault(
    machine: GpuMachine,
) -> None:
    machine.library.fail("nvmlEventSetCreate", "NVML_ERROR_INSUFFICIENT_RESOURCES")
    source = GpuXid(machine.nvml, wall=lambda: NOW)
    with pytest.raises(NvmlError, match="insufficient_resources to nvmlEventSetCreate"):
        source.read()
    source.read()
    machine.library.send(1, XID, 79)
    assert errors(source) == {("1", "79"): 1}
    machine.library.fail("nvmlEventSetCreate", "NVML_ERROR_NOT_SUPPORTED")
    without = GpuXid(machine.nvml)
    assert shown(without) == {}
    assert without.note.startswith("GPU 0 reports no XID errors; GPU 1 reports")


@pytest.mark.no_cover
def test_a_flood_is_fetched_in_bounded_runs_and_a_driver_that_says_anything_makes_a_bounded_number_of_series(
    machine: GpuMachine, source: GpuXid
) -> None:
    for code in range(1500):
        machine.library.send(0, XID, 2**40 + code)
    assert sum(errors(source).values()) == 1000
    found = errors(source)
    assert sum(found.values()) == 1500
    assert len(found) == 32 - 9 + 1
    assert found[("0", "other")] == 1500 - (32 - 9)


def test_the_landing_page_says_what_an_error_means_and_what_to_do(machine: GpuMachine, source: GpuXid) -> None:
    assert source.note == ""
    machine.library.send(2, XID, 79)
    machine.library.send(2, XID, 31337)
    shown(source)
    fallen, strange = source.note.split("; GPU 2: ")
    assert fallen.startswith("GPU 2: XID 79: the GPU has fallen off the bus; restart the machine")
    assert strange == "XID 31337: see NVIDIA's catalog"
    page = landing(About("alpha"), [Runner(source, Page(lambda: 0.0))], NOW)
    assert "<td>gpu_xid<br><small>GPU 2: XID 79: the GPU has fallen off the bus; restart" in page
    assert "see NVIDIA&#x27;s catalog</small></td>" in page


def test_an_error_of_a_gpu_that_nvml_never_showed_is_told(machine: GpuMachine, source: GpuXid) -> None:
    machine.library.send(2, XID, 48)
    source._labels.clear()
    with pytest.raises(SourceError, match="a GPU that it had not shown"):
        source.read()


def test_without_an_open_nvml_a_run_asks_for_nothing(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    assert shown(GpuXid(machine.nvml)) == {}
    assert not machine.library.calls


def test_a_wait_for_events_keeps_nobody_else_from_asking(machine: GpuMachine, source: GpuXid) -> None:
    hang = machine.library.hang("nvmlEventSetWait_v2")
    waiting = threading.Thread(target=source.read, daemon=True)
    waiting.start()
    assert hang.entered.wait(30)
    assert machine.nvml.gpus()[0].ask("GetName")
    source.cut()
    assert len(list(source.counters())) == 8 * 13
    machine.library.let_go("nvmlEventSetWait_v2")
    waiting.join(30)


def test_the_kinds_of_events_are_those_of_the_binding() -> None:
    assert (
        pynvml.nvmlEventTypeXidCriticalError,
        pynvml.nvmlEventTypeSingleBitEccError,
        pynvml.nvmlEventTypeDoubleBitEccError,
        pynvml.nvmlEventTypeGpuUnavailableError,
        pynvml.nvmlEventTypeGpuRecoveryAction,
    ) == (XID, SINGLE_BIT, DOUBLE_BIT, UNAVAILABLE, RECOVERY)


def test_each_code_stands_once_in_the_table_with_something_to_do_and_the_critical_ones_are_awaited() -> None:
    codes = [each.code for each in xid.XIDS]
    assert codes == sorted(set(codes))
    assert all(each.meaning and each.action for each in xid.XIDS)
    assert set(xid.CRITICAL) == {48, 62, 64, 74, 79, 95, 119, 120}
    assert xid.BY_CODE["94"].severity == "warning"
    assert set(xid.CRITICAL) < set(xid.AWAITED)
