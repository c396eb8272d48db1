"""Throttled time: the driver's counters where it has them, under the numbers that this driver gives them."""

import pytest

from exporters.gpu_throttle import GpuThrottle
from exporters.source import SourceError
from ragpulse.catalogue.gpu import THROTTLE_REASONS, THROTTLE_WAYS
from tests.fakes.gpu_rig import Build, GpuRig
from tests.fakes.machine import shown

SECOND = 1_000_000_000
NOT_COUNTED = dict.fromkeys(("74", "75", "76", "251", "252", "253", "269", "270", "271"), "NVML_ERROR_NOT_SUPPORTED")
SW_THERMAL, HW_THERMAL, POWER_CAP = 0x20, 0x40, 0x4


def seconds(source: GpuThrottle) -> dict[str, float]:
    """Throttled seconds of GPU 0 by reason."""
    prefix = 'gpu_throttled_seconds_total{gpu="0",reason="'
    return {
        name.removeprefix(prefix).removesuffix('"}'): value
        for name, value in shown(source).items()
        if name.startswith(prefix)
    }


def ways(source: GpuThrottle) -> dict[str, str]:
    found = {sample.labels[1]: sample.labels[2] for sample in source.read() if sample.labels[0] == "0"}
    assert set(found.values()) <= set(THROTTLE_WAYS)
    return found


def flag(machine: GpuRig, flags: int | str) -> None:
    for call in ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"):
        machine.library.set_answer(0, call, flags)


def test_counters_of_the_driver_are_told_in_seconds(gpu_rig: Build) -> None:
    counted = {"74": 1.5, "75": 9.0, "76": 2.0, "269": 3.0, "270": 4.0, "271": 5.0}
    machine = gpu_rig("h100x8_mig", fields={key: {"ullong": round(s * SECOND)} for key, s in counted.items()})
    source = GpuThrottle(machine.nvml, machine.clock)
    assert ways(source) == dict.fromkeys(THROTTLE_REASONS, "counter")
    assert seconds(source) == {
        "power_cap": 1.5, "sync_boost": 2.0, "sw_thermal": 3.0, "hw_thermal": 4.0, "power_brake": 5.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("driver", "numbers"),
    [
        ("570.148.08", None),
        ("575.51.03", (251, 252, 253)),
        ("580.65.06", (251, 252, 253)),
        ("580.82.07", (269, 270, 271)),
        ("580.142", (269, 270, 271)),
        ("615.41", (269, 270, 271)),
    ],
)
def test_a_reason_is_read_under_the_number_that_this_driver_gives_it(
    gpu_rig: Build, driver: str, numbers: tuple[int, int, int] | None
) -> None:
    """Under the other number stands power smoothing: small settings, which would count as almost no time at all."""
    smoothing = {str(number): {"uint": 1} for number in (251, 252, 253, 269, 270, 271)}
    real = {str(number): {"ullong": (7 + at) * SECOND} for at, number in enumerate(numbers or ())}
    machine = gpu_rig("h100x8_mig", fields={"75": {"ullong": 6 * SECOND}} | smoothing | real)
    machine.library.scenario["system"] = {"nvmlSystemGetDriverVersion": driver}
    source = GpuThrottle(machine.nvml, machine.clock)
    found = seconds(source)
    thermal = [found[reason] for reason in ("sw_thermal", "hw_thermal", "power_brake")]
    assert thermal == ([7, 8, 9] if numbers else [6, 0, 0])
    assert ways(source)["hw_thermal"] == ("counter" if numbers else "flags")


def test_a_driver_without_fields_tells_its_policies(gpu_rig: Build) -> None:
    violations = {str(policy): {"referenceTime": 1, "violationTime": (policy + 1) * SECOND} for policy in range(3)}
    machine = gpu_rig("h100x8_mig", fields=NOT_COUNTED, answers={"nvmlDeviceGetViolationStatus": violations})
    source = GpuThrottle(machine.nvml, machine.clock)
    assert ways(source) == {
        "power_cap": "policy", "sw_thermal": "policy", "sync_boost": "policy", "hw_thermal": "flags",
        "power_brake": "flags",
    }  # fmt: skip
    assert seconds(source) == {
        "power_cap": 1, "sw_thermal": 2, "sync_boost": 3, "hw_thermal": 0, "power_brake": 0,
    }  # fmt: skip


def test_flags_are_integrated_where_nothing_is_counted(gpu_rig: Build) -> None:
    machine = gpu_rig("spark_busy")
    source = GpuThrottle(machine.nvml, machine.clock)
    for flags in (0, POWER_CAP, POWER_CAP | HW_THERMAL, HW_THERMAL, 0):
        flag(machine, flags)
        list(source.read())
        machine.clock.pass_(2.0)
    assert ways(source) == dict.fromkeys(THROTTLE_REASONS, "flags")
    assert seconds(source) == {
        "power_cap": 1 + 2 + 1, "hw_thermal": 1 + 2 + 1, "sw_thermal": 0, "sync_boost": 0, "power_brake": 0,
    }  # fmt: skip


def test_flags_that_are_long_past_say_nothing_of_the_time_between(gpu_rig: Build) -> None:
    machine = gpu_rig("spark_busy")
    source = GpuThrottle(machine.nvml, machine.clock)
    flag(machine, POWER_CAP)
    list(source.read())
    machine.clock.pass_(60.0)
    assert seconds(source)["power_cap"] == 0
    machine.clock.pass_(2.0)
    assert seconds(source)["power_cap"] == 2


def test_a_counter_that_outruns_time_is_not_believed(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    source = GpuThrottle(machine.nvml, machine.clock)
    counted = []
    for capped in (10, 11, 5000, 12.5, 13):
        machine.library.set_field(0, 74, {"ullong": round(capped * SECOND)})
        counted.append(seconds(source)["power_cap"])
        machine.clock.pass_(2.0)
    assert counted == [10, 11, 11, 12.5, 13]


def test_a_reloaded_driver_counts_from_0_and_the_total_goes_on(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    source = GpuThrottle(machine.nvml, machine.clock)
    counted = []
    for capped in (10, 12, 0.5, 1.5):
        machine.library.set_field(0, 74, {"ullong": round(capped * SECOND)})
        machine.nvml.open()
        counted.append(seconds(source)["power_cap"])
        machine.clock.pass_(2.0)
    assert counted == [10, 12, 12, 13]


def test_a_card_that_says_nothing_at_all_has_no_throttled_time(gpu_rig: Build) -> None:
    machine = gpu_rig("spark_busy")
    flag(machine, "NVML_ERROR_NOT_SUPPORTED")
    assert shown(GpuThrottle(machine.nvml, machine.clock)) == {}


def test_what_was_counted_outlives_a_failed_run(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    source = GpuThrottle(machine.nvml, machine.clock)
    before = seconds(source)
    machine.library.fault = "NVML_ERROR_UNKNOWN"
    with pytest.raises(SourceError):
        list(source.read())
    source.cut()
    assert {sample.labels[1]: sample.value for sample in source.counters() if sample.labels[0] == "0"} == before
