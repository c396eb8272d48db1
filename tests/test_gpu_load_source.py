"""Busy, observed, band and gap seconds, and joules, of simulated GPUs through the unmodified binding."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporters.gpu_load import GpuLoad
from exporters.nvml_error import NvmlError
from exporters.source import PartError
from ragpulse.demo.gpu.load import Load
from tests.fakes.gpu_rig import Build, GpuRig
from tests.fakes.readings import by_series

BAND = (0.80, 0.90)
PERIOD = 0.166667
NO = "NVML_ERROR_NOT_SUPPORTED"
NO_ENERGY = {"nvmlDeviceGetTotalEnergyConsumption": NO}
BUFFER = {"of": "utilization", "period": PERIOD, "depth": 100, "type": "uint"}
WATTS = {"of": "watts", "times": 1000, "period": PERIOD, "depth": 120, "type": "uint"}


def source(machine: GpuRig, band: tuple[float, float] | None = BAND) -> GpuLoad:
    return GpuLoad(machine.nvml, band, clock=machine.clock)


def run(load: GpuLoad, machine: GpuRig, seconds: int) -> None:
    """As the runner does: once a second."""
    list(load.read())
    for _ in range(seconds):
        machine.clock.pass_(1.0)
        list(load.read())


def counted(load: GpuLoad, gpu: str = "0") -> dict[str, float]:
    label = f'gpu="{gpu}"'
    return {
        name.removeprefix("ragpulse_gpu_").replace(f"{label},", "").replace(f"{{{label}}}", ""): value
        for name, value in by_series(load.counters()).items()
        if label in name
    }


def bands(load: GpuLoad) -> dict[str, float]:
    found = counted(load)
    return {band: found[f'utilization_band_seconds_total{{band="{band}"}}'] for band in ("below", "inside", "above")}


def ways(load: GpuLoad, metric: str) -> list[str]:
    return [sample.labels[-1] for sample in load.read() if metric in sample.metric.name and sample.value]


def with_load(build: Build, phases: list[dict[str, float]], scenario: str = "h100x8_mig", **changes: object) -> GpuRig:
    machine = build(scenario, **changes)
    machine.library.set_load(0, phases)
    return machine


@pytest.mark.no_cover
@pytest.mark.parametrize("scenario", ["spark_busy", "h100x8_mig", "rtx_4090"])
def test_busy_seconds_are_those_of_the_load(gpu_rig: Build, scenario: str) -> None:
    machine = gpu_rig(scenario)
    load = source(machine)
    run(load, machine, 600)
    truth = Load(machine.library.scenario["devices"][0]["load"]).total("utilization", 600.0) / 100
    found = counted(load)
    assert found["busy_seconds_total"] == pytest.approx(truth, rel=0.01)
    assert found["observed_seconds_total"] == pytest.approx(600, rel=0.01)
    assert found["gap_seconds_total"] == 0


@pytest.mark.no_cover
def test_a_tenth_of_work_on_a_spark_that_is_dry_at_idle_reads_a_tenth(gpu_rig: Build) -> None:
    for busy, idle in ((0.25, 2.25), (0.5, 4.5), (1.03, 9.27), (3.1, 27.9)):
        machine = with_load(gpu_rig, [{"seconds": busy, "utilization": 100}, {"seconds": idle}], "spark_busy")
        load = source(machine)
        run(load, machine, 620)
        found = counted(load)
        assert found["busy_seconds_total"] / found["observed_seconds_total"] == pytest.approx(0.10, abs=0.01)


def test_band_seconds_are_exact_to_a_sample_at_each_end_and_both_ends_of_the_band_lie_inside(
    gpu_rig: Build,
) -> None:
    shares = {79: 30.0, 80: 50.0, 90: 40.0, 91: 20.0}
    machine = with_load(gpu_rig, [{"seconds": seconds, "utilization": at} for at, seconds in shares.items()])
    load = source(machine)
    run(load, machine, 140)
    found = bands(load)
    assert found["below"] == pytest.approx(30, abs=PERIOD)
    assert found["inside"] == pytest.approx(90, abs=PERIOD)
    assert found["above"] == pytest.approx(20, abs=PERIOD)


def test_the_bands_are_the_observed_time_without_a_rest(gpu_rig: Build) -> None:
    machine = gpu_rig("spark_busy")
    load = source(machine, (0.333, 0.777))
    for second in range(200):
        machine.clock.pass_(1.0 + second % 7 / 13)
        list(load.read())
        assert sum(bands(load).values()) == counted(load)["observed_seconds_total"]


def test_without_a_target_there_are_no_bands_and_all_else_is_there(gpu_rig: Build) -> None:
    machine = gpu_rig("rtx_4090")
    load = source(machine, None)
    run(load, machine, 10)
    assert counted(load).keys() == {
        "busy_seconds_total", "observed_seconds_total", "gap_seconds_total", "energy_joules_total",
    }  # fmt: skip


def test_a_deep_buffer_is_read_every_two_seconds_and_one_that_may_be_short_at_each_run(gpu_rig: Build) -> None:
    deep = gpu_rig("rtx_4090", samples={"1": BUFFER})
    run(source(deep), deep, 20)
    short = gpu_rig("rtx_4090", samples={"1": BUFFER | {"depth": 12}})
    run(source(short), short, 20)
    asked = [machine.library.calls["nvmlDeviceGetUtilizationRates"] for machine in (deep, short)]
    assert asked == [11, 21]


def test_a_buffer_shorter_than_two_seconds_loses_nothing(gpu_rig: Build) -> None:
    machine = with_load(
        gpu_rig, [{"seconds": 9.0, "utilization": 85}], samples={"1": BUFFER | {"period": 0.02, "depth": 60}}
    )
    load = source(machine)
    run(load, machine, 100)
    assert bands(load)["inside"] == pytest.approx(100, abs=0.1)


def test_where_there_is_no_buffer_the_rate_of_each_second_counts(gpu_rig: Build) -> None:
    machine = with_load(
        gpu_rig, [{"seconds": 7.0, "utilization": 85}, {"seconds": 3.0, "utilization": 20}], samples={"1": NO}
    )
    load = source(machine)
    assert ways(load, "utilization_source")[0] == "point"
    run(load, machine, 100)
    assert counted(load)["busy_seconds_total"] == pytest.approx(100 * (0.7 * 0.85 + 0.3 * 0.20), rel=0.05)
    assert counted(load)["observed_seconds_total"] == pytest.approx(100)


def test_more_than_all_of_the_time_means_nothing_and_the_sample_beside_it_counts(gpu_rig: Build) -> None:
    phases = [{"seconds": 1.3, "utilization": 50}, {"seconds": 0.2, "utilization": 4_000_000}]
    machine = with_load(gpu_rig, phases)
    load = source(machine)
    run(load, machine, 60)
    assert counted(load)["busy_seconds_total"] == pytest.approx(30, abs=PERIOD)


def test_a_gpu_cut_into_instances_has_no_utilisation_and_that_is_no_gap(gpu_rig: Build) -> None:
    mig = {"nvmlDeviceGetUtilizationRates": NO}
    machine = gpu_rig("h100x8_mig", answers=mig, samples={"1": NO})
    load = source(machine)
    run(load, machine, 10)
    assert counted(load).keys() == {"energy_joules_total"}
    assert ways(load, "utilization_source") == ["buffer"] * 6  # of the others; the eighth is one of instances, too


def test_a_gpu_that_is_cut_into_instances_while_it_runs_makes_no_gap(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    load = source(machine)
    run(load, machine, 10)
    machine.library.set_answer(0, "nvmlDeviceGetUtilizationRates", NO)
    machine.library.plugged[0].buffers["1"] = NO
    before = counted(load)
    run(load, machine, 20)
    assert counted(load)["gap_seconds_total"] == 0
    assert counted(load)["observed_seconds_total"] == before["observed_seconds_total"]


def test_a_lost_gpu_costs_a_gap_of_its_own_and_the_others_nothing(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    load = source(machine)
    run(load, machine, 10)
    machine.library.lose(3)
    machine.clock.pass_(1.0)
    list(load.read())
    machine.clock.pass_(1.0)
    with pytest.raises(PartError, match="gpu_is_lost to nvmlDeviceGetSamples of GPU 3"):
        list(load.read())
    before = counted(load, "3")
    run(load, machine, 20)
    lost, other = counted(load, "3"), counted(load, "4")
    assert lost["gap_seconds_total"] == pytest.approx(before["gap_seconds_total"] + 20)
    assert lost["busy_seconds_total"] == before["busy_seconds_total"]
    assert other["gap_seconds_total"] == 0
    assert other["observed_seconds_total"] == pytest.approx(32, abs=0.5)


def test_when_the_driver_is_gone_the_run_fails_and_all_time_is_a_gap(gpu_rig: Build) -> None:
    machine = gpu_rig("spark_busy")
    load = source(machine)
    run(load, machine, 10)
    machine.library.fault = "NVML_ERROR_UNKNOWN"
    for _ in range(10):
        machine.clock.pass_(2.0)
        with pytest.raises(NvmlError, match="unknown"):
            list(load.read())
    found = counted(load)
    assert found["gap_seconds_total"] + found["observed_seconds_total"] == pytest.approx(30, abs=PERIOD)
    assert found["gap_seconds_total"] >= 20


def test_a_driver_that_comes_back_is_observed_again(gpu_rig: Build) -> None:
    machine = gpu_rig("spark_busy")
    load = source(machine)
    run(load, machine, 10)
    machine.nvml.close()
    run(load, machine, 10)
    machine.nvml.open()
    before = counted(load)
    run(load, machine, 30)
    after = counted(load)
    assert after["gap_seconds_total"] == before["gap_seconds_total"]
    assert after["observed_seconds_total"] - before["observed_seconds_total"] == pytest.approx(30, abs=0.5)


def test_a_call_that_hangs_makes_a_gap_while_it_hangs(gpu_rig: Build) -> None:
    machine = gpu_rig("spark_busy")
    load = source(machine)
    run(load, machine, 10)
    for _ in range(60):
        machine.clock.pass_(1.0)
        load.cut()
    assert counted(load)["gap_seconds_total"] == pytest.approx(60, abs=6)


def test_joules_are_those_of_the_drivers_counter(gpu_rig: Build) -> None:
    machine = with_load(gpu_rig, [{"seconds": 10.0, "watts": 300}, {"seconds": 10.0, "watts": 500}])
    load = source(machine)
    list(load.read())
    before = counted(load)["energy_joules_total"]
    run(load, machine, 100)
    assert counted(load)["energy_joules_total"] - before == pytest.approx(100 * 400, rel=0.01)
    assert ways(load, "energy_source")[0] == "counter"


@pytest.mark.no_cover
@pytest.mark.parametrize(("samples", "way"), [({"0": WATTS}, "buffer"), ({"0": NO}, "point")])
def test_joules_are_integrated_where_the_driver_does_not_count_them(
    gpu_rig: Build, samples: dict[str, object], way: str
) -> None:
    phases: list[dict[str, float]] = [{"seconds": 3.7, "watts": 300}, {"seconds": 6.1, "watts": 500}]
    machine = with_load(gpu_rig, phases, answers=NO_ENERGY, samples=samples)
    load = source(machine)
    run(load, machine, 600)
    mean = (3.7 * 300 + 6.1 * 500) / 9.8
    assert counted(load)["energy_joules_total"] == pytest.approx(600 * mean, rel=0.01)
    assert ways(load, "energy_source")[0] == way


def test_power_is_that_of_the_last_interval(gpu_rig: Build) -> None:
    for answers in ({}, NO_ENERGY):
        machine = with_load(gpu_rig, [{"seconds": 1.0, "watts": 321}], answers=answers)
        load = source(machine)
        run(load, machine, 10)
        power = {sample.labels[0]: sample.value for sample in load.read() if sample.metric.name.endswith("power_watts")}
        assert power["0"] == pytest.approx(321, rel=0.01)


def test_energy_of_a_counter_that_stops_and_starts_is_not_counted_twice(gpu_rig: Build) -> None:
    machine = with_load(gpu_rig, [{"seconds": 1.0, "watts": 400}], samples={"0": WATTS})
    load = source(machine)
    list(load.read())
    before = counted(load)["energy_joules_total"]
    energy = machine.library.plugged[0].answers["nvmlDeviceGetTotalEnergyConsumption"]
    for number in range(10):
        machine.library.set_answer(0, "nvmlDeviceGetTotalEnergyConsumption", NO if number % 2 else energy)
        run(load, machine, 20)
    drawn = counted(load)["energy_joules_total"] - before
    assert drawn == pytest.approx(200 * 400, rel=0.1)
    assert drawn <= 200 * 400 * 1.01


def test_a_reloaded_driver_whose_energy_counts_from_0_makes_no_leap(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    load = source(machine, None)
    seen = []
    for joules in (5000, 5100, 20, 80, 150):
        machine.library.set_answer(0, "nvmlDeviceGetTotalEnergyConsumption", joules * 1000)
        list(load.read())
        seen.append(counted(load)["energy_joules_total"])
        machine.clock.pass_(2.0)
    assert seen == [5000, 5100, 5100, 5160, 5230]


def acts(machine: GpuRig, load: GpuLoad) -> dict[str, Callable[[], object]]:
    library, nvml = machine.library, machine.nvml
    return {
        "a second": lambda: machine.clock.pass_(1.0),
        "a minute": lambda: machine.clock.pass_(60.0),
        "an error": lambda: library.fail("nvmlDeviceGetUtilizationRates", "NVML_ERROR_UNKNOWN"),
        "nothing new": lambda: library.fail("nvmlDeviceGetSamples", "NVML_ERROR_NOT_FOUND"),
        "lost": lambda: library.lose(0),
        "found": lambda: library.find(0),
        "closed": nvml.close,
        "opened": nvml.open,
        "cut": load.cut,
        "no energy": lambda: library.set_answer(0, "nvmlDeviceGetTotalEnergyConsumption", NO),
        "other energy": lambda: library.set_answer(0, "nvmlDeviceGetTotalEnergyConsumption", 7000),
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each case has a machine of its own
@given(data=st.data())
def test_whatever_happens_counters_never_decrease_and_no_time_is_lost(gpu_rig: Build, data: st.DataObject) -> None:
    machine = gpu_rig("spark_busy")
    load = source(machine)
    list(load.read())
    before, began = counted(load), machine.clock.now
    possible = acts(machine, load)
    for act in data.draw(st.lists(st.sampled_from(sorted(possible)), max_size=40)):
        possible[act]()
        with suppress(NvmlError):
            list(load.read())
        found = counted(load)
        assert all(found[name] >= value for name, value in before.items()), f"after {act}"
        before = found
        told = found["observed_seconds_total"] + found["gap_seconds_total"]
        assert told == pytest.approx(machine.clock.now - began, abs=2 + 2 * PERIOD), f"after {act}"
