"""One NVML for all sources: labels stay, opening it anew goes unnoticed, and nothing is shut down under a call."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynvml
import pytest

from exporters.gate import BusyError
from exporters.nvml import Nvml, load_binding
from exporters.nvml_error import NvmlError, reason_of
from exporters.nvml_gpu import Gpu
from ragpulse.demo.gpu.library import NvmlLibrary
from tests.fakes.gpu_machine import GpuMachine, NewMachine

ROOT = Path(__file__).parent.parent
LONG = 30.0  # bounds a broken test


@pytest.fixture
def machine(gpu_machine: NewMachine) -> GpuMachine:
    return gpu_machine("h100x8_mig")


def temperature(gpu: Gpu) -> Any:
    return gpu.ask("GetTemperature", 0)


class Caller:
    """A thread that asks once; `answer` is what it got."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self.answer: Any = None
        self.thread = threading.Thread(target=self._run, args=(ask,), daemon=True)
        self.thread.start()

    def _run(self, ask: Callable[[], Any]) -> None:
        try:
            self.answer = ask()
        except Exception as error:  # noqa: BLE001 - the error is the answer
            self.answer = error

    def end(self) -> Any:
        self.thread.join(LONG)
        return self.answer


def test_a_machine_without_the_library_says_so_and_loads_no_binding() -> None:
    code = """
import sys
from exporters.nvml import Nvml, NvmlError
try:
    Nvml().open()
except NvmlError as error:
    print(error.reason, "pynvml" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    try:
        load_binding()
    except NvmlError:
        assert done.stdout.split() == ["library_not_found", "False"]
    else:
        assert done.stdout == ""  # there is one on this machine, and it could be opened


def test_errors_bear_the_names_that_nvml_gives_them() -> None:
    names = {
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "driver_not_loaded",
        pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: "lib_rm_version_mismatch",
        pynvml.NVML_ERROR_GPU_IS_LOST: "gpu_is_lost",
        pynvml.NVML_ERROR_NO_PERMISSION: "no_permission",
        777: "unknown",
    }
    assert {code: reason_of(pynvml.NVMLError(code)) for code in names} == names


def test_what_a_card_cannot_say_is_none_and_only_not_supported_is_a_property_of_it(machine: GpuMachine) -> None:
    gpu = machine.nvml.open().gpus[0]
    machine.library.set_answer(0, "nvmlDeviceGetFanSpeed", None)
    machine.library.absent.add("nvmlDeviceGetName")
    assert gpu.ask_why("GetFanSpeed") == (None, "not_supported")
    assert gpu.ask_why("GetName") == (None, "function_not_found")
    assert gpu.ask_why("GetWhatIsYetToCome") == (None, "function_not_found")


def test_a_gpu_that_says_it_is_lost_is_no_longer_among_those_to_ask(machine: GpuMachine) -> None:
    lost = machine.nvml.open().gpus[3]
    machine.library.lose(3)
    with pytest.raises(NvmlError, match="gpu_is_lost to nvmlDeviceGetTemperature of GPU 3") as error:
        temperature(lost)
    assert error.value.reason == "gpu_is_lost"
    assert [gpu.label for gpu in machine.nvml.gpus()] == ["0", "1", "2", "4", "5", "6", "7"]
    assert len(machine.nvml.labels()) == 8


def test_labels_stay_with_their_gpus_when_one_before_them_goes_and_comes_back(machine: GpuMachine) -> None:
    before = {gpu.uuid: gpu.label for gpu in machine.nvml.open().gpus}
    told = machine.library.scenario["devices"][2]
    machine.library.unplug(2)
    without = {gpu.uuid: gpu.label for gpu in machine.nvml.open().gpus}
    assert without == {uuid: label for uuid, label in before.items() if label != "2"}
    machine.library.plug(told)  # now as the last
    assert {gpu.uuid: gpu.label for gpu in machine.nvml.open().gpus} == before


def test_a_new_gpu_in_the_place_of_another_gets_a_label_of_its_own(machine: GpuMachine) -> None:
    machine.nvml.open()
    other = machine.library.scenario["devices"][0]
    machine.library.unplug(0)
    machine.library.plug({**other, "answers": {**other["answers"], "nvmlDeviceGetUUID": "GPU-new"}}, 0)
    assert {gpu.label: gpu.uuid for gpu in machine.nvml.open().gpus}["8"] == "GPU-new"
    assert "0" not in {gpu.label for gpu in machine.nvml.gpus()}


@pytest.mark.parametrize("lose", [
    pytest.param(lambda library: library.lose(7), id="to every call"),
    pytest.param(
        lambda library: library.set_answer(7, "nvmlDeviceGetTemperature", "NVML_ERROR_GPU_IS_LOST"),
        id="to calls that go to the chip",
    ),
])  # fmt: skip
def test_a_gpu_that_is_lost_already_is_not_handed_out(machine: GpuMachine, lose: Callable[[NvmlLibrary], None]) -> None:
    lose(machine.library)
    opened = machine.nvml.open()
    assert (opened.count, len(opened.gpus), opened.refused) == (8, 7, frozenset({"gpu_is_lost"}))


def test_who_holds_a_gpu_from_before_is_answered_by_the_same_one_of_the_new_opening(machine: GpuMachine) -> None:
    before = machine.nvml.open().gpus
    machine.library.unplug(1)
    machine.nvml.open()
    machine.library.set_answer(1, "nvmlDeviceGetTemperature", {"0": 77})
    assert temperature(before[2]) == 77, "the second that is left"
    with pytest.raises(NvmlError, match="uninitialized"):
        temperature(before[1])


def test_those_who_ask_while_it_is_opened_anew_feel_nothing_of_it(machine: GpuMachine) -> None:
    machine.nvml.open()
    ends, answers = threading.Event(), [0, 0, 0, 0]
    failed: list[Any] = []

    def ask(number: int) -> None:
        while not ends.is_set():
            found = machine.nvml.gpus()
            said = [gpu.ask("GetName") for gpu in found]
            if len(said) != 8 or None in said:
                failed.append(said)
            answers[number] += 1

    callers = [Caller(lambda number=number: ask(number)) for number in range(4)]  # type: ignore[misc]
    for _ in range(200):
        machine.nvml.open()
    ends.set()
    assert [caller.end() for caller in callers] == [None] * 4
    assert not failed
    assert all(answers)
    assert machine.library.opened == 1


def test_it_is_not_shut_down_under_a_call_that_hangs_and_others_are_answered_meanwhile(machine: GpuMachine) -> None:
    gpus = machine.nvml.open().gpus
    hang = machine.library.hang("nvmlDeviceGetTotalEnergyConsumption")
    hung = Caller(lambda: gpus[0].ask("GetTotalEnergyConsumption"))
    assert hang.entered.wait(LONG)
    for end in (machine.nvml.open, machine.nvml.close):
        with pytest.raises(BusyError):
            end()
    assert machine.library.calls["nvmlShutdown"] == 0
    assert gpus[0].ask("GetName") == gpus[1].ask("GetName") == "NVIDIA H100 80GB HBM3"
    machine.library.let_go("nvmlDeviceGetTotalEnergyConsumption")
    assert hung.end() > 0
    machine.nvml.close()
    assert machine.library.opened == 0


def test_while_an_opening_hangs_those_who_ask_are_told_so_in_time(machine: GpuMachine) -> None:
    gpus = machine.nvml.open().gpus
    hang = machine.library.hang("nvmlInitWithFlags")
    opening = Caller(machine.nvml.open)
    assert hang.entered.wait(LONG)
    assert len(machine.nvml.gpus()) == 8, "nobody knows yet what will be found"
    with pytest.raises(NvmlError) as error:
        temperature(gpus[0])
    assert error.value.reason == "timeout"
    machine.library.let_go("nvmlInitWithFlags")
    assert opening.end().count == 8
    assert temperature(gpus[0]) is not None


def test_an_opening_that_fails_leaves_nothing_open(machine: GpuMachine) -> None:
    held = machine.nvml.open().gpus[0]
    machine.library.fail("nvmlDeviceGetCount_v2", "NVML_ERROR_UNKNOWN")
    with pytest.raises(NvmlError, match="unknown to nvmlDeviceGetCount"):
        machine.nvml.open()
    assert machine.library.opened == 0
    assert machine.nvml.gpus() == ()
    with pytest.raises(NvmlError, match="uninitialized"):
        held.ask("GetName")
    with pytest.raises(NvmlError, match="uninitialized"):
        machine.nvml.ask("SystemGetDriverVersion")


def test_what_a_source_has_made_is_ended_before_nvml_is_and_once(machine: GpuMachine) -> None:
    said: list[tuple[str, int]] = []

    def farewell(name: str) -> Callable[[], None]:
        return lambda: said.append((name, machine.library.opened))

    machine.nvml.open()
    with machine.nvml.held():
        machine.nvml.before_close(farewell("first"))
        machine.nvml.before_close(lambda: pynvml.nvmlEventSetFree(pynvml.c_nvmlEventSet_t()))  # refused by the driver
        machine.nvml.before_close(farewell("last"))
    machine.nvml.open()
    machine.nvml.close()
    assert said == [("first", 1), ("last", 1)]


def test_a_driver_that_was_replaced_is_noticed_only_by_who_knew_the_one_before(machine: GpuMachine) -> None:
    stranger, witness = Nvml(load=lambda: pynvml), machine.nvml
    witness.open()
    witness.close()
    machine.library.init_error = "NVML_ERROR_LIB_RM_VERSION_MISMATCH"
    for nvml in (stranger, witness):
        with pytest.raises(NvmlError, match="lib_rm_version_mismatch"):
            nvml.open()
    assert witness.is_outlived
    assert not stranger.is_outlived


def test_it_tells_once_of_the_first_gpu_and_once_of_a_driver_that_was_replaced(machine: GpuMachine) -> None:
    said: list[str] = []
    machine.nvml.when_seen = lambda: said.append("seen")
    machine.nvml.when_outlived = lambda: said.append("outlived")
    present, machine.library.plugged = machine.library.plugged, []
    machine.nvml.open()
    assert said == []
    machine.library.plugged = present
    for _ in range(2):
        machine.nvml.open()
    assert said == ["seen"]
    machine.library.init_error = "NVML_ERROR_LIB_RM_VERSION_MISMATCH"
    for _ in range(2):
        with pytest.raises(NvmlError):
            machine.nvml.open()
    assert said == ["seen", "outlived"]


def test_an_answer_that_is_no_text_costs_that_opening_only_and_leaves_none_behind(
    machine: GpuMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def garbled(_handle: Any) -> str:
        return b"\xff".decode()

    with monkeypatch.context() as patched:
        patched.setattr(pynvml, "nvmlDeviceGetUUID", garbled)
        for _ in range(3):
            with pytest.raises(UnicodeDecodeError):
                machine.nvml.open()
    assert len(machine.nvml.open().gpus) == 8
    assert machine.library.opened == 1
