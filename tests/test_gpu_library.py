"""The simulated driver keeps NVML's rules, and a scenario that makes no sense is told in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynvml
import pytest

from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.load import Load, number
from ragpulse.demo.gpu.scenario import ScenarioError, named, names, read, whole
from tests.fakes.nvml_library import Begin, Clock

UUID = {"nvmlDeviceGetUUID": "GPU-1"}


def error(call: Callable[[], Any]) -> int:
    with pytest.raises(pynvml.NVMLError) as raised:
        call()
    return int(raised.value.value)


def test_nobody_answers_before_the_opening_and_after_the_shutdown(nvml_library: Begin) -> None:
    library = nvml_library("rtx_4090", Clock())
    assert error(pynvml.nvmlDeviceGetCount) == pynvml.NVML_ERROR_UNINITIALIZED
    assert error(pynvml.nvmlShutdown) == pynvml.NVML_ERROR_UNINITIALIZED
    pynvml.nvmlInit()
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    pynvml.nvmlShutdown()
    assert pynvml.nvmlDeviceGetName(handle) == "NVIDIA GeForce RTX 4090"
    pynvml.nvmlShutdown()
    assert error(lambda: pynvml.nvmlDeviceGetName(handle)) == pynvml.NVML_ERROR_UNINITIALIZED
    assert library.opened == 0


def test_a_handle_of_an_earlier_opening_is_worth_nothing(nvml_library: Begin) -> None:
    nvml_library("rtx_4090", Clock())
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    pynvml.nvmlShutdown()
    pynvml.nvmlInit()
    assert error(lambda: pynvml.nvmlDeviceGetName(handle)) == pynvml.NVML_ERROR_INVALID_ARGUMENT


def test_what_an_older_driver_does_not_have_is_not_found(nvml_library: Begin) -> None:
    library = nvml_library("rtx_4090", Clock())
    library.absent.add("nvmlDeviceGetMarginTemperature")
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    assert error(lambda: pynvml.nvmlDeviceGetMarginTemperature(handle)) == pynvml.NVML_ERROR_FUNCTION_NOT_FOUND


def test_a_structure_of_another_version_is_refused(nvml_library: Begin) -> None:
    nvml_library("h100x8_mig", Clock())
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    assert pynvml.nvmlDeviceGetMemoryInfo(handle, pynvml.nvmlMemory_v2).reserved == 554696704
    other = pynvml.nvmlMemory_v2 + 8
    mismatch = pynvml.NVML_ERROR_ARGUMENT_VERSION_MISMATCH
    assert error(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle, other)) == mismatch


def test_words_that_do_not_fit_are_refused(nvml_library: Begin) -> None:
    library = nvml_library("rtx_4090", Clock())
    library.set_answer(0, "nvmlDeviceGetName", "x" * 200)
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    assert error(lambda: pynvml.nvmlDeviceGetName(handle)) == pynvml.NVML_ERROR_INSUFFICIENT_SIZE


def test_a_call_fails_as_often_as_it_is_told_to_and_no_more(nvml_library: Begin) -> None:
    library = nvml_library("rtx_4090", Clock())
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    library.fail("nvmlDeviceGetPowerUsage", "NVML_ERROR_UNKNOWN", after=1)
    assert pynvml.nvmlDeviceGetPowerUsage(handle) > 0
    assert error(lambda: pynvml.nvmlDeviceGetPowerUsage(handle)) == pynvml.NVML_ERROR_UNKNOWN
    assert pynvml.nvmlDeviceGetPowerUsage(handle) > 0


def test_a_share_without_samples_is_the_error_that_the_binding_makes_of_a_success(nvml_library: Begin) -> None:
    library = nvml_library("rtx_4090", Clock())
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    newest = pynvml.nvmlDeviceGetProcessUtilization(handle, 0)[0].timeStamp
    assert error(lambda: pynvml.nvmlDeviceGetProcessUtilization(handle, newest)) == pynvml.NVML_SUCCESS
    assert library.calls["nvmlDeviceGetProcessUtilization"] == 3


def test_a_buffer_keeps_its_depth_and_tells_only_what_is_new(nvml_library: Begin) -> None:
    clock = Clock()
    nvml_library("rtx_4090", clock)
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    clock.pass_(100.0)
    _, found = pynvml.nvmlDeviceGetSamples(handle, 1, 0)
    stamps = [sample.timeStamp for sample in found]
    assert len(stamps) == 100
    assert stamps == sorted(set(stamps))
    assert error(lambda: pynvml.nvmlDeviceGetSamples(handle, 1, stamps[-1])) == pynvml.NVML_ERROR_NOT_FOUND
    clock.pass_(0.5)
    assert len(pynvml.nvmlDeviceGetSamples(handle, 1, stamps[-1])[1]) == 3


def test_a_load_goes_round_and_its_sums_go_on() -> None:
    load = Load([{"seconds": 3.0, "watts": 10.0}, {"seconds": 1.0}])
    assert [load.value("watts", at) for at in (0.0, 2.9, 3.0, 4.0, -0.5)] == [10, 10, 0, 10, 0]
    assert [load.total("watts", at) for at in (0.0, 2.0, 4.0, 9.0, -1.0, -2.0)] == [0, 20, 30, 70, 0, -10]
    later = Load([{"seconds": 1.0, "watts": 1.0}], since=6.0, before=load)
    assert [later.total("watts", at) for at in (2.0, 6.0, 8.0)] == [20, 50, 52]
    assert later.mean("watts", 5.0, 7.0) == 5.5
    assert number({"sum": "watts", "times": 2, "plus": 5, "wrap": 100}, later, 6.0) == 5
    with pytest.raises(ValueError, match="one phase that lasts"):
        Load([{"seconds": 0.0}])


@pytest.mark.parametrize("name", names())
def test_every_scenario_says_where_it_is_from(name: str) -> None:
    scenario = named(name)
    assert scenario["origin"] == "hand-made from reference, not recorded"
    assert scenario["about"]
    assert scenario["sources"]
    assert {device["answers"]["nvmlDeviceGetUUID"] for device in scenario["devices"]}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        pytest.param("{", "cannot be read as a scenario", id="no JSON"),
        pytest.param("[]", "has no list of devices", id="no object"),
        pytest.param('{"devices": [{}]}', r"devices\[0\].answers: has no nvmlDeviceGetUUID", id="no UUID"),
        pytest.param(
            '{"devices": [{"like": 0}]}', r"devices\[0\].like: 0 is no device before this one", id="like itself"
        ),
        pytest.param('{"base": "moon", "devices": []}', "there is no scenario 'moon'; there are: ", id="no such base"),
        pytest.param('{"base": "hang", "devices": [{}, {}]}', "devices: hang has only 1", id="more than the base"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_one_line(told: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(told)
    with pytest.raises(ScenarioError, match=words) as raised:
        read(file)
    assert str(raised.value).startswith(str(file))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("lost", "by"), [(False, []), (True, [0.0, 4.9, 5.0]), (5, [5.0]), (5.0, [5.0])])
def test_a_device_is_lost_from_the_second_on_that_is_told(lost: bool | float, by: list[float]) -> None:  # noqa: FBT001
    clock = Clock()
    library = NvmlLibrary({"devices": [{"answers": UUID, "lost": lost}]}, clock)
    found = []
    for moment in (0.0, 4.9, 5.0):
        clock.now = 1000.0 + moment
        found += [moment] if library.is_lost(library.plugged[0]) else []
    assert found == by


def test_a_device_that_is_like_another_has_its_answers_but_for_its_own() -> None:
    one: dict[str, Any] = {"answers": UUID | {"nvmlDeviceGetName": "x"}, "fields": {"82": None}, "processes": [1]}
    two = {"like": 0, "answers": {"nvmlDeviceGetUUID": "GPU-2"}, "processes": []}
    found = whole({"devices": [one, two]})["devices"]
    assert found[1] == {**one, "answers": {**one["answers"], "nvmlDeviceGetUUID": "GPU-2"}, "processes": []}
    assert json.dumps(found[0]) == json.dumps(one)
