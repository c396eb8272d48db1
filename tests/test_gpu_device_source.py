"""Readings of a device: what a card says, and nothing that it does not."""

import pytest

from exporters.gpu_device import GpuDevice
from exporters.nvml_error import NvmlError
from exporters.source import PartError
from ragpulse.metric import Sample
from tests.fakes.gpu_rig import Build, GpuRig
from tests.fakes.machine import shown
from tests.fakes.readings import by_series

FIRST = 'gpu="0"'
SELDOM = ("nvmlDeviceGetTemperatureThreshold", "nvmlDeviceGetMaxClockInfo", "nvmlDeviceGetPowerManagementDefaultLimit")


def of_first(machine: GpuRig) -> dict[str, float]:
    """What is said of the first GPU, its label left out."""
    found = shown(GpuDevice(machine.nvml, machine.root))
    return {
        name.removeprefix("gpu_").replace(f"{FIRST},", "").replace(f"{{{FIRST}}}", ""): value
        for name, value in found.items()
        if FIRST in name
    }


def test_a_data_centre_card_is_read_whole(gpu_rig: Build) -> None:
    assert of_first(gpu_rig("h100x8_mig")) == {
        "temperature_celsius": 61,
        "temperature_margin_celsius": 26,
        'temperature_limit_celsius{limit="shutdown"}': 92,
        'temperature_limit_celsius{limit="slowdown"}': 89,
        'temperature_limit_celsius{limit="memory_max"}': 95,
        'temperature_limit_celsius{limit="gpu_max"}': 87,
        'temperature_limit_margin_celsius{limit="shutdown"}': -8,
        'temperature_limit_margin_celsius{limit="slowdown"}': -2,
        'temperature_limit_margin_celsius{limit="memory_max"}': 0,
        'temperature_limit_margin_celsius{limit="gpu_max"}': 0,
        "memory_temperature_celsius": 72,
        'clock_hertz{clock="graphics"}': 1.905e9,
        'clock_hertz{clock="sm"}': 1.905e9,
        'clock_hertz{clock="memory"}': 2.619e9,
        'clock_hertz{clock="video"}': 1.429e9,
        'clock_max_hertz{clock="graphics"}': 1.98e9,
        'clock_max_hertz{clock="sm"}': 1.98e9,
        'clock_max_hertz{clock="memory"}': 2.619e9,
        'clock_max_hertz{clock="video"}': 1.545e9,
        "performance_state": 0,
        'power_limit_watts{limit="current"}': 700,
        'power_limit_watts{limit="default"}': 700,
        'power_limit_watts{limit="min"}': 200,
        'power_limit_watts{limit="max"}': 700,
        'engine_busy_ratio{engine="memory"}': 0.12,
        'engine_busy_ratio{engine="encoder"}': 0,
        'engine_busy_ratio{engine="decoder"}': 0,
        'engine_busy_ratio{engine="jpeg"}': 0,
        'engine_busy_ratio{engine="ofa"}': 0,
    }


def test_gb10_says_nothing_of_memory_chips_fans_and_limits_that_it_does_not_have(gpu_rig: Build) -> None:
    found = of_first(gpu_rig("spark_busy"))
    assert found.keys() == {
        "temperature_celsius",
        *(f'clock_hertz{{clock="{clock}"}}' for clock in ("graphics", "sm", "video")),
        *(f'clock_max_hertz{{clock="{clock}"}}' for clock in ("graphics", "sm", "video")),
        "performance_state",
        *(f'engine_busy_ratio{{engine="{engine}"}}' for engine in ("encoder", "decoder", "jpeg", "ofa")),
    }


def test_a_placeholder_is_left_out_by_what_the_gpu_is_and_not_by_its_value(gpu_rig: Build) -> None:
    memory = {"nvmlDeviceGetUtilizationRates": {"gpu": 0, "memory": 7}}
    spark = of_first(gpu_rig("spark_busy", fields={"82": {"uint": 55}}, answers=memory))
    assert not any("memory" in name for name in spark)
    cold = of_first(gpu_rig("h100x8_mig", fields={"82": {"uint": 0}}, answers=memory))
    assert (cold["memory_temperature_celsius"], cold['engine_busy_ratio{engine="memory"}']) == (0, 0.07)


def test_each_fan_has_its_speed(gpu_rig: Build) -> None:
    found = of_first(gpu_rig("rtx_4090"))
    assert (found['fan_ratio{fan="0"}'], found['fan_ratio{fan="1"}']) == (0.44, 0.45)
    assert "memory_temperature_celsius" not in found


def test_the_margin_is_the_drivers_own_or_else_what_is_left_to_the_first_limit_that_slows_down(
    gpu_rig: Build,
) -> None:
    own = {"nvmlDeviceGetMarginTemperature": "NVML_ERROR_NOT_SUPPORTED"}
    assert of_first(gpu_rig("h100x8_mig", answers=own))["temperature_margin_celsius"] == 87 - 61
    slower = own | {"nvmlDeviceGetTemperatureThreshold": {"0": 95, "1": 80}}
    assert of_first(gpu_rig("h100x8_mig", answers=slower))["temperature_margin_celsius"] == 80 - 61
    none = own | {"nvmlDeviceGetTemperatureThreshold": "NVML_ERROR_NOT_SUPPORTED"}
    assert "temperature_margin_celsius" not in of_first(gpu_rig("h100x8_mig", answers=none))


@pytest.mark.parametrize(
    ("answers", "gone"),
    [
        ({"nvmlDeviceGetPerformanceState": 32}, "performance_state"),
        ({"nvmlDeviceGetTemperatureThreshold": {"0": 0, "1": 0, "2": 0, "3": 0}}, "temperature_limit_celsius"),
        ({"nvmlDeviceGetMaxClockInfo": {"0": 0, "1": 0, "2": 0, "3": 0}}, "clock_max"),
        ({"nvmlDeviceGetEncoderUtilization": [4294967295, 167000]}, 'engine="encoder"'),
    ],
    ids=["P-state 32", "limits of 0", "highest clocks of 0", "more than all of the time"],
)
def test_what_is_known_to_be_no_answer_has_no_sample(gpu_rig: Build, answers: dict[str, object], gone: str) -> None:
    assert any(gone in name for name in of_first(gpu_rig("h100x8_mig")))
    assert not any(gone in name for name in of_first(gpu_rig("h100x8_mig", answers=answers)))


def test_an_older_driver_costs_only_what_it_lacks(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    whole = of_first(machine)
    machine.library.absent |= {"nvmlDeviceGetMarginTemperature", "nvmlDeviceGetOfaUtilization"}
    machine.nvml.binding._nvmlGetFunctionPointer_cache.clear()
    assert whole.keys() - of_first(machine).keys() == {'engine_busy_ratio{engine="ofa"}'}


def test_what_hardly_ever_changes_is_asked_once_for_each_opening_of_nvml(gpu_rig: Build) -> None:
    machine = gpu_rig("rtx_4090")
    source = GpuDevice(machine.nvml, machine.root)
    first = by_series(source.read())
    machine.library.calls.clear()
    assert by_series(source.read()).keys() == first.keys()
    assert not any(machine.library.calls[call] for call in SELDOM)
    machine.nvml.open()
    assert by_series(source.read()) == first
    assert all(machine.library.calls[call] for call in SELDOM)


def test_one_lost_gpu_costs_the_others_nothing_and_the_run_says_so(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    machine.library.lose(2)
    given: list[Sample] = []
    source = GpuDevice(machine.nvml, machine.root)
    with pytest.raises(PartError, match=r"NVML says gpu_is_lost to nvmlDevice.* of GPU 2"):
        given.extend(source.read())  # keeps what came before the error
    assert {sample.labels[0] for sample in given} == {"0", "1", "3", "4", "5", "6", "7"}
    assert {sample.labels[0] for sample in source.read()} == {"0", "1", "3", "4", "5", "6", "7"}


def test_when_no_gpu_can_be_read_the_run_fails_with_nvmls_reason(gpu_rig: Build) -> None:
    machine = gpu_rig("rtx_4090")
    machine.library.fail("nvmlDeviceGetTemperature", "NVML_ERROR_UNKNOWN")
    with pytest.raises(NvmlError, match="unknown"):
        list(GpuDevice(machine.nvml, machine.root).read())
