"""A call that hangs in the driver: its source is withheld and comes back when it returns; nobody else feels it."""

import threading

import pytest

from exporters.gpu_load import GpuLoad
from exporters.gpu_memory import GpuMemory
from exporters.gpu_recovery import GpuRecovery
from exporters.gpu_xid import GpuXid
from exporters.page import Page
from exporters.runner import Runner
from tests.fakes.gpu_machine import GpuMachine, NewMachine
from tests.fakes.running import until
from tests.fakes.sources import Clock, Make, run_once, runs, value

pytest_plugins = ["tests.fakes.runner_fixtures"]

LONG = 30.0  # bounds a broken test
ENERGY, TEMPERATURE = "nvmlDeviceGetTotalEnergyConsumption", "nvmlDeviceGetTemperature"
POWER, JOULES, MEMORY = (f'ragpulse_gpu_{name}{{gpu="1"}}' for name in (
    "power_watts", "energy_joules_total", "memory_used_bytes",
))  # fmt: skip
UP, READY = 'ragpulse_gpu_up{gpu="1"}', 'ragpulse_gpu_state{state="ready"}'


class Sources:
    """All of a machine's sources, run as the agent runs them."""

    def __init__(self, machine: GpuMachine, make: Make) -> None:
        self.state = make(machine.state)
        self.load = make(GpuLoad(machine.nvml, None, clock=machine.clock))
        self.memory = make(GpuMemory(machine.nvml, machine.root))
        self.xid = make(GpuXid(machine.nvml))
        self.recovery = make(GpuRecovery(machine.nvml))
        self._clock = machine.clock

    def run(self, *, but: Runner | None = None) -> None:
        self._clock.pass_(2)
        for runner in (self.state, self.load, self.memory, self.xid, self.recovery):
            if runner is not but:
                run_once(runner)
                assert runner.health.state == "ok", runner.health.error


@pytest.fixture
def machine(gpu_machine: NewMachine) -> GpuMachine:
    return gpu_machine("h100x8_mig")


@pytest.fixture
def sources(machine: GpuMachine, make: Make) -> Sources:
    sources = Sources(machine, make)
    for _ in range(3):
        sources.run()
    return sources


def hang(machine: GpuMachine, runner: Runner, function: str) -> None:
    """`runner` runs into it and is given up at its deadline."""
    call = machine.library.hang(function)
    run = runner.due()
    assert run is not None
    assert call.entered.wait(LONG)
    runner.deadline(run)
    assert runner.health.state == "deadline"


def test_a_source_that_hangs_is_withheld_and_the_others_and_counters_are_not(
    machine: GpuMachine, sources: Sources, page: Page, clock: Clock
) -> None:
    joules = value(page, JOULES)
    hang(machine, sources.load, ENERGY)
    for _ in range(5):
        clock.advance(10)
        sources.run(but=sources.load)
        assert sources.load.due() is None
    assert value(page, POWER) is None
    assert value(page, JOULES) == joules, "a counter of ours is never withheld"
    assert value(page, UP) == value(page, READY) == 1
    assert value(page, MEMORY)
    assert runs(page, "gpu_load")["deadline"] == 6


def test_a_source_that_hung_is_read_again_once_its_call_returns(
    machine: GpuMachine, sources: Sources, page: Page
) -> None:
    hang(machine, sources.load, ENERGY)
    machine.library.let_go(ENERGY)
    until(lambda: sources.load.due() is not None, "it runs again")
    until(lambda: sources.load.health.state == "ok", "it is read again")
    assert value(page, POWER)


def test_with_gpu_state_hung_its_word_is_withheld_and_the_gpus_are_still_read(
    machine: GpuMachine, sources: Sources, page: Page, clock: Clock
) -> None:
    hang(machine, sources.state, TEMPERATURE)
    for _ in range(5):
        clock.advance(10)
        sources.run(but=sources.state)
    assert value(page, UP) is None
    assert value(page, READY) is None
    assert value(page, MEMORY)
    assert value(page, POWER)
    machine.library.let_go(TEMPERATURE)
    until(lambda: sources.state.due() is not None, "it runs again")
    until(lambda: value(page, UP) == 1, "it is heard again")


def test_threads_are_flat_however_often_a_hanging_source_is_due(machine: GpuMachine, sources: Sources) -> None:
    hang(machine, sources.load, ENERGY)
    before = threading.active_count()
    for _ in range(1000):
        assert sources.load.due() is None
    assert threading.active_count() == before
    assert sources.load.health.runs["deadline"] == 1001
