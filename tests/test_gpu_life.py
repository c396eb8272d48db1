"""GPUs and drivers come, go, are lost and come back while the agent runs; what can be read is read all the time."""

import threading
from pathlib import Path

import pytest

from exporters.clocks import Clocks
from exporters.gpu_load import GpuLoad
from exporters.gpu_sources import gpu_sources
from exporters.nvml_error import NvmlError
from exporters.source import Source, SourceError
from ragpulse.inventory import Cluster
from ragpulse.metric import series
from tests.fakes.gpu_machine import GpuMachine, NewMachine, reasons, state, up
from tests.fakes.machine import shown

LOST = "3"
OTHERS = [number for number in "01234567" if number != LOST]
MEASURED = OTHERS[:-1]  # the last is cut into MIG instances, and has no utilisation of its own
GONE = "NVML_ERROR_DRIVER_NOT_LOADED"


class Watch:
    """gpu_state and gpu_load side by side, at their own pace."""

    def __init__(self, machine: GpuMachine) -> None:
        self.machine = machine
        self.load = GpuLoad(machine.nvml, None, clock=machine.clock)
        self.seconds = 0
        self.errors: list[str] = []
        self.found: dict[str, float] = {}

    def run(self, seconds: int) -> dict[str, float]:
        """What gpu_state says in the end."""
        for _ in range(seconds):
            if self.seconds % self.machine.state.interval == 0:
                self.found = shown(self.machine.state)
            self.machine.clock.pass_(1)
            self.seconds += 1
            try:
                list(self.load.read())
            except SourceError as error:
                self.errors.append(str(error))
        return self.found

    def total(self, name: str, gpu: str) -> float:
        found = {series(sample): sample.value for sample in self.load.counters()}
        return found[f'ragpulse_gpu_{name}_seconds_total{{gpu="{gpu}"}}']


def test_one_lost_gpu_of_eight_leaves_the_others_unaffected_while_it_is_looked_for(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    watch = Watch(machine)
    watch.run(65)  # gpu_load will see it first
    machine.library.lose(3)
    found = watch.run(300)
    assert (state(found), reasons(found), found["gpu_devices"]) == ("unavailable", {"gpu_is_lost"}, 8)
    assert up(found) == dict.fromkeys(OTHERS, 1.0) | {LOST: 0.0}
    assert any(key.startswith(f'gpu_info{{gpu="{LOST}"') for key in found), "which one it was"
    assert machine.nvml.openings == 1 + 300 // 60
    assert len(watch.errors) == 1, "found lost once, and never handed out again"
    assert [watch.total("gap", gpu) for gpu in MEASURED] == [0] * 6
    assert [watch.total("observed", gpu) for gpu in MEASURED] == [pytest.approx(365, rel=0.01)] * 6
    assert watch.total("gap", LOST) == pytest.approx(300, rel=0.01)


def test_a_gpu_that_was_reset_is_read_again_within_a_minute_under_its_old_label(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    watch = Watch(machine)
    watch.run(60)
    machine.library.lose(3)
    assert up(watch.run(90))[LOST] == 0
    machine.library.find(3)
    found = watch.run(70)
    assert state(found) == "ready"
    assert up(found) == dict.fromkeys("01234567", 1.0)
    assert watch.total("gap", LOST) == pytest.approx(90, abs=61)


def test_with_its_only_gpu_lost_nvml_is_closed_so_that_the_driver_can_be_reloaded(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("rtx_4090")
    machine.look()
    machine.library.lose(0)
    for _ in range(10):
        found = machine.look()
        assert (state(found), reasons(found), up(found)) == ("unavailable", {"gpu_is_lost"}, {"0": 0})
        assert machine.library.opened == 0
    machine.library.find(0)
    assert up(machine.look()) == {"0": 1}


def test_a_gpu_of_which_another_call_says_that_it_is_lost_is_down_and_asked_anew_after_a_minute(
    gpu_machine: NewMachine,
) -> None:
    machine = gpu_machine("h100x8_mig")
    machine.look()
    machine.library.set_answer(3, "nvmlDeviceGetTotalEnergyConsumption", "NVML_ERROR_RESET_REQUIRED")
    with pytest.raises(NvmlError, match="reset_required"):
        machine.nvml.gpus()[3].ask("GetTotalEnergyConsumption")
    assert [up(machine.look())[LOST] for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert machine.nvml.openings == 2


def test_a_driver_that_is_reloaded_is_read_again_by_the_same_process(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    watch = Watch(machine)
    watch.run(60)
    machine.library.fault = machine.library.init_error = GONE
    found = watch.run(60)
    assert (state(found), reasons(found)) == ("unavailable", {"driver_not_loaded"})
    assert up(found) == dict.fromkeys("01234567", 0.0)
    assert machine.library.opened == 0
    machine.library.fault = machine.library.init_error = None
    found = watch.run(60)
    assert state(found) == "ready"
    assert up(found) == dict.fromkeys("01234567", 1.0)
    assert not machine.nvml.is_outlived
    assert watch.total("gap", LOST) == pytest.approx(60, abs=11)


def test_a_driver_that_was_reloaded_between_two_looks_is_opened_anew_at_once(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("rtx_4090")
    machine.look()
    machine.library.close()  # handles of before are worth nothing
    assert up(machine.look()) == {"0": 1}
    assert machine.nvml.openings == 2


def test_a_driver_that_is_replaced_is_told_and_the_process_is_known_to_be_outlived(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("rtx_4090")
    machine.look()
    machine.library.fault = machine.library.init_error = "NVML_ERROR_LIB_RM_VERSION_MISMATCH"
    found = machine.look()
    assert (state(found), reasons(found), up(found)) == ("unavailable", {"lib_rm_version_mismatch"}, {"0": 0})
    assert machine.nvml.is_outlived


def test_a_library_that_never_fitted_its_driver_is_told_and_nothing_ends_for_it(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("driver_mismatch")
    for _ in range(100):
        found = machine.look()
        assert (state(found), reasons(found)) == ("unavailable", {"lib_rm_version_mismatch"})
    assert not machine.nvml.is_outlived
    machine.library.init_error = None
    assert state(machine.look()) == "ready"


def test_a_gpu_that_is_added_is_read_once_the_kernel_shows_it(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    watch = Watch(machine)
    watch.run(60)
    told = machine.library.scenario["devices"][0]
    machine.library.plug({**told, "answers": {**told["answers"], "nvmlDeviceGetUUID": "GPU-new"}})
    machine.put_on_bus(8)
    found = watch.run(60)
    assert (state(found), found["gpu_devices"]) == ("ready", 9)
    assert up(found) == dict.fromkeys("012345678", 1.0)
    assert machine.nvml.openings == 2
    assert [watch.total("gap", gpu) for gpu in MEASURED] == [0] * 6


def test_a_gpu_that_is_removed_is_down_and_comes_back_under_its_label(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    watch = Watch(machine)
    watch.run(60)
    told = machine.library.scenario["devices"][3]
    machine.library.unplug(3)
    machine.take_off_bus(3)
    found = watch.run(60)
    assert (state(found), found["gpu_devices"], reasons(found)) == ("ready", 7, set())
    assert up(found) == dict.fromkeys(OTHERS, 1.0) | {LOST: 0.0}
    assert [watch.total("gap", gpu) for gpu in MEASURED] == [0] * 6
    machine.library.plug(told)
    machine.put_on_bus(3)
    assert up(watch.run(60)) == dict.fromkeys("01234567", 1.0)


def test_the_last_gpu_that_is_removed_is_missed_and_no_fact(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("rtx_4090")
    machine.look()
    machine.library.unplug(0)
    machine.take_off_bus(0)
    found = machine.look()
    assert (state(found), reasons(found), up(found)) == ("unavailable", {"gpu_not_found"}, {"0": 0})


def test_a_driver_that_went_with_its_gpu_is_missed_and_no_fact(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("rtx_4090")
    machine.look()
    machine.library.fault = machine.library.init_error = GONE
    machine.take_off_bus(0)
    found = machine.look()
    assert (state(found), reasons(found), up(found)) == ("unavailable", {"driver_not_loaded"}, {"0": 0})


def test_while_a_call_hangs_a_lost_gpu_is_told_and_nvml_is_opened_anew_when_it_returns(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    machine.look()
    hang = machine.library.hang("nvmlDeviceGetTotalEnergyConsumption")
    hung = threading.Thread(target=machine.nvml.gpus()[0].ask, args=("GetTotalEnergyConsumption",), daemon=True)
    hung.start()
    assert hang.entered.wait(30)
    machine.library.lose(3)
    found = machine.look()
    assert (reasons(found), up(found)) == ({"gpu_is_lost"}, dict.fromkeys(OTHERS, 1.0) | {LOST: 0.0})
    assert machine.nvml.openings == 1
    machine.library.let_go("nvmlDeviceGetTotalEnergyConsumption")
    hung.join(30)
    machine.look()
    assert machine.nvml.openings == 2


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def read_all(sources: list[Source]) -> int:
    failures = 0
    for source in sources:
        try:
            list(source.read())
        except SourceError:
            failures += 1
    return failures


@pytest.mark.proof
def test_threads_descriptors_and_what_nvml_keeps_are_flat_after_a_thousand_failing_cycles_of_all_sources(
    gpu_machine: NewMachine,
) -> None:
    machine = gpu_machine("rtx_4090")
    library = machine.library
    told = library.scenario["devices"][0]
    library.plug({**told, "answers": {**told["answers"], "nvmlDeviceGetUUID": "GPU-second"}})
    clocks = Clocks(machine.clock, machine.clock, machine.clock)
    cluster = Cluster.model_validate({"cluster": "c", "nodes": {"alpha": {"address": "127.0.0.1"}}})
    planned = gpu_sources(cluster, "alpha", machine.nvml, root=machine.root, clocks=clocks)
    sources = [each.source for each in planned]

    def cycle(number: int) -> int:
        """A driver that comes and goes, a GPU that is lost and found, then a driver that answers nothing."""
        library.fault = library.init_error = GONE if number % 2 else None
        (library.lose if number % 4 else library.find)(1)
        machine.clock.pass_(10)
        failures = read_all(sources)
        library.fault = "NVML_ERROR_UNKNOWN"
        return failures + read_all(sources[1:])

    for number in range(20):
        cycle(number)
    before = threading.active_count(), descriptors()
    assert sum(cycle(number) for number in range(1000)) > 1000
    assert (threading.active_count(), descriptors()) == before
    assert len(library.events._sets) <= 1
    assert library.opened <= 1
