"""What share of SM time a consumer has, from samples that a driver gives when it likes, some of them of nobody."""

from typing import Any

import pynvml
import pytest

from tests.fakes.users_rig import GIB, NewRig, UsersRig, memory, of, sm


def test_the_first_answer_tells_of_an_unknown_past_and_is_not_shown(users_rig: NewRig) -> None:
    here = users_rig()
    here.running({"pid": 1, "memory": GIB, "sm": 40})
    assert of("gpu_consumer_sm", here.run()) == []
    assert here.run()[sm("process", "p1")] == pytest.approx(0.4)


@pytest.mark.parametrize("empty", [0, 6])
def test_no_sample_is_no_use_whether_the_driver_says_success_or_not_found(users_rig: NewRig, empty: int) -> None:
    here = users_rig()
    here.library.set_answer(0, "nvmlDeviceGetProcessUtilization", {"period": 1.0, "empty": empty})
    here.running({"pid": 1, "memory": GIB, "sm": 40})
    here.run()
    here.run()
    assert here.run(0.0)[sm("process", "p1")] == 0  # nothing newer than what was seen


def test_a_card_without_utilisation_by_process_has_memory_alone(users_rig: NewRig) -> None:
    here = users_rig("spark_busy")
    here.process(4242, "VLLM::EngineCor", "0::/system.slice/vllm.service")
    here.run()
    assert here.run() == {'gpu_consumers{gpu="0"}': 1, memory("unit", "vllm.service"): 40426602496}


def test_the_share_of_a_consumer_is_never_more_than_the_whole(users_rig: NewRig) -> None:
    here = users_rig()
    here.process(1, "ray", "0::/system.slice/ray.service")
    here.process(2, "ray", "0::/system.slice/ray.service")
    here.running({"pid": 1, "memory": GIB, "sm": 90}, {"pid": 2, "memory": GIB, "sm": 80})
    here.run()
    assert here.run()[sm("unit", "ray.service")] == 1


class Said:
    """What the driver answers for the utilisation of processes, entry by entry; `after` is what it was asked for."""

    def __init__(self, here: UsersRig, *entries: tuple[int, int, int]) -> None:
        self.entries = entries
        self.after: list[int] = []
        self.races = 0
        here.library.nvmlDeviceGetProcessUtilization = self  # type: ignore[attr-defined]

    def __call__(self, _handle: Any, into: Any, count: Any, after: Any) -> Any:
        size = count._obj
        if into is None:
            self.after.append(after.value)
            size.value = len(self.entries)
            return pynvml.NVML_ERROR_INSUFFICIENT_SIZE if self.entries else pynvml.NVML_SUCCESS
        if self.races:
            self.races -= 1
            return pynvml.NVML_ERROR_INSUFFICIENT_SIZE
        for slot, (pid, stamp, percent) in zip(into, self.entries, strict=True):
            slot.pid, slot.timeStamp, slot.smUtil = pid, stamp, percent
        return pynvml.NVML_SUCCESS


def test_several_samples_of_a_process_make_their_mean(users_rig: NewRig) -> None:
    here = users_rig()
    here.running({"pid": 1, "memory": GIB})
    said = Said(here, (1, 1000, 10))
    here.run()
    said.entries = ((1, 2000, 20), (1, 3000, 60))
    assert here.run()[sm("process", "p1")] == pytest.approx(0.4)


def test_the_driver_is_asked_for_what_is_newer_than_the_newest_stamp_which_is_never_read_as_a_time(
    users_rig: NewRig,
) -> None:
    here = users_rig()
    here.running({"pid": 1, "memory": GIB}, {"pid": 2, "memory": GIB})
    said = Said(here, (1, 5000, 10), (2, 7000, 10))
    here.run()
    said.entries = ((2, 6000, 10),)
    here.run()
    here.run()
    assert said.after == [0, 7000, 7000]


def test_entries_of_nobody_are_left_out_and_their_stamps_are_not_believed(users_rig: NewRig) -> None:
    here = users_rig()
    here.running({"pid": 1, "memory": GIB})
    said = Said(here, (1, 1000, 10))
    here.run()
    said.entries = ((1, 2000, 30), (0, 0, 0), (4026531840, 1 << 60, 50), (1, 1 << 62, 2147483632))
    assert here.run()[sm("process", "p1")] == pytest.approx(0.3)
    here.run()
    assert said.after == [0, 1000, 2000]


def test_processes_that_come_while_they_are_counted_are_asked_for_again(users_rig: NewRig) -> None:
    here = users_rig()
    here.running({"pid": 1, "memory": GIB})
    said = Said(here, (1, 1000, 10))
    here.run()
    said.entries, said.races = ((1, 2000, 30),), 2
    assert here.run()[sm("process", "p1")] == pytest.approx(0.3)
    said.races = 1000
    assert here.run() == {'gpu_consumers{gpu="0"}': 1, memory("process", "p1"): GIB}
