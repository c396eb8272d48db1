"""Activity through GPM, over the unmodified binding: integrated over every interval that makes sense."""

import math
import threading

import psutil
import pytest

from exporters.gpm import FLOWS, UNITS
from exporters.source import PartError
from tests.fakes.gpm_rig import NewRig, active, observed, traffic

# What the scenario has for each unit of the first seven GPUs of h100x8_mig, by the name of its load.
LOADS = {"graphics": "utilization", "sm": "sm", "sm_occupancy": "occupancy", "tensor": "tensor", "dram": "dram"}


def test_active_seconds_are_the_integral_of_activity_over_all_that_was_observed(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.run()
    began = here.library.now()
    for seconds in (5.0, 4.9, 5.2, 0.7, 31.0, 5.0, 11.3):
        found = here.run(seconds)
    load, ended = here.library.plugged[0].load, here.library.now()
    for unit in UNITS:
        assert found[observed(unit)] == pytest.approx(ended - began)
        assert found[active(unit)] == pytest.approx(
            load.total(LOADS[unit], ended) / 100 - load.total(LOADS[unit], began) / 100
        )


def test_traffic_is_the_integral_of_the_rates_of_each_link_and_direction(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.run()
    began = here.library.now()
    for seconds in (5.0, 4.9, 31.0):
        here.run(seconds)
    load, ended = here.library.plugged[0].load, here.library.now()

    def moved(name: str) -> float:
        return load.total(name, ended) - load.total(name, began)

    assert {flow: here.counters()[traffic(*flow)] for flow in FLOWS} == {
        ("pcie", "transmitted"): pytest.approx(moved("pcie_tx")),
        ("pcie", "received"): pytest.approx(moved("pcie_rx")),
        ("nvlink", "received"): pytest.approx(moved("nvlink_kib") * 1024),
        ("nvlink", "transmitted"): pytest.approx(moved("nvlink_kib") * 1024),
    }


@pytest.mark.parametrize("rate", [math.nan, math.inf, -1.0, 1e9, "NVML_ERROR_NOT_SUPPORTED"])
def test_a_rate_that_is_none_counts_nothing_and_the_others_count_on(gpm_rig: NewRig, rate: float | str) -> None:
    here = gpm_rig()
    here.library.plugged[0].gpm["20"] = rate  # type: ignore[index]
    here.run()
    found = here.run()
    assert traffic("pcie", "transmitted") not in found
    assert found[traffic("pcie", "received")] > 0


def test_a_unit_that_a_card_does_not_have_has_no_series(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.library.plugged[0].gpm["10"] = "NVML_ERROR_NOT_SUPPORTED"  # type: ignore[index]
    here.run()
    found = here.run()
    assert active("sm") in found
    assert active("dram") not in found
    assert observed("dram") not in found


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.5, 101.5, 1e300])
def test_an_interval_in_which_a_unit_says_nonsense_is_not_observed_for_it(gpm_rig: NewRig, value: float) -> None:
    here = gpm_rig()
    here.run()
    here.run()
    here.library.plugged[0].gpm["5"] = value  # type: ignore[index]
    before = here.counters()
    found = here.run()
    assert found[observed("tensor")] == before[observed("tensor")]
    assert found[active("tensor")] == before[active("tensor")]
    assert found[observed("sm")] == pytest.approx(before[observed("sm")] + 5)


def test_a_ratio_that_rounding_lifts_above_the_whole_is_the_whole(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.library.plugged[0].gpm["2"] = 100.4  # type: ignore[index]
    here.run()
    found = here.run()
    assert found[active("sm")] == found[observed("sm")] == pytest.approx(5)


def test_samples_too_far_or_too_close_are_no_interval(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.run()
    here.run(60.1)
    assert here.counters() == {}
    here.run(5.0)
    here.run(0.06)
    assert here.counters()[observed("sm")] == pytest.approx(5)
    here.run(0.06)
    assert here.counters()[observed("sm")] == pytest.approx(5.12)  # nothing is lost by one that came too soon


def test_the_interval_of_a_call_that_hung_is_not_observed(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.run()
    here.run()
    before = here.counters()
    here.clock.pass_(5)
    hang = here.library.hang("nvmlGpmSampleGet")
    late = threading.Thread(target=lambda: list(here.source.read()))
    late.start()
    assert hang.entered.wait(30)
    here.source.cut()
    assert here.counters() == before  # asked while it hangs
    here.clock.pass_(40)
    here.library.let_go("nvmlGpmSampleGet")
    late.join(30)
    assert here.counters()[observed("sm")] == before[observed("sm")]
    here.run()  # the moment of that sample is not known
    assert here.counters()[observed("sm")] == before[observed("sm")]
    here.run()
    assert here.counters()[observed("sm")] == pytest.approx(before[observed("sm")] + 5)


def test_a_lost_gpu_costs_the_others_nothing_and_keeps_its_counters(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.run()
    here.run()
    before = here.counters()
    here.library.lose(2)
    here.clock.pass_(5)
    with pytest.raises(PartError, match="gpu_is_lost"):
        list(here.source.read())
    found = here.run()  # it is no longer among those that can be asked
    assert found[observed("sm", 2)] == before[observed("sm", 2)]
    assert found[observed("sm", 3)] == pytest.approx(before[observed("sm", 3)] + 10)


def test_a_gpu_of_which_gpm_says_that_it_is_lost_is_lost_for_everybody(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.library.fail("nvmlGpmSampleGet", "NVML_ERROR_GPU_IS_LOST")
    with pytest.raises(PartError, match="gpu_is_lost"):
        list(here.source.read())
    assert [gpu.label for gpu in here.nvml.gpus()] == ["1", "2", "3", "4", "5", "6", "7"]


def test_an_error_of_what_has_worked_is_a_fault_and_its_interval_is_not_observed(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.run()
    here.run()
    before = here.counters()
    here.library.fail("nvmlGpmSampleGet", "NVML_ERROR_UNKNOWN")
    here.clock.pass_(5)
    with pytest.raises(PartError, match="unknown"):
        list(here.source.read())
    here.run()
    assert here.counters()[observed("sm")] == before[observed("sm")]
    here.run()
    assert here.counters()[observed("sm")] == pytest.approx(before[observed("sm")] + 5)


def test_each_gpu_and_instance_has_two_buffers_that_are_freed_before_nvml_is_closed(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    for _ in range(20):
        here.run()
    assert here.buffers() == 2 * 9, "seven GPUs and two instances; the GPU that is cut into them has no activity itself"
    assert here.library.calls["nvmlGpmSampleAlloc"] == 2 * 10, "it was tried once, and its buffers were freed"
    here.nvml.close()
    assert here.library.calls["nvmlGpmSampleFree"] == 2 * 10
    assert here.run() == here.counters()  # no GPU to be asked, and no counter withheld
    here.nvml.open()
    before = here.counters()
    here.run()
    assert here.counters() == before  # no pair over two openings
    here.run()
    assert here.counters()[observed("sm")] == pytest.approx(before[observed("sm")] + 5)
    assert here.buffers() == 2 * 9


@pytest.mark.no_cover
def test_a_thousand_failing_cycles_leave_threads_descriptors_and_buffers_as_they_were(
    gpm_rig: NewRig,
) -> None:
    here = gpm_rig()
    here.run()
    here.run()
    series_before, process = here.counters().keys(), psutil.Process()
    threads, descriptors = threading.active_count(), process.num_fds()
    failed, calls = 0, ["nvmlGpmSampleGet", "nvmlGpmMetricsGet", "nvmlGpmMigSampleGet", "nvmlDeviceGetMigMode"]
    for cycle in range(1000):
        if cycle % 50 == 0:
            here.nvml.open()
            here.run()
        here.library.fail(calls[cycle % len(calls)], "NVML_ERROR_UNKNOWN")
        here.clock.pass_(5)
        try:
            list(here.source.read())
        except PartError:
            failed += 1
    assert failed > 900
    assert (threading.active_count(), process.num_fds()) == (threads, descriptors)
    assert here.buffers() <= 2 * 9
    assert len(here.nvml._farewells) == 1
    assert here.counters().keys() == series_before
