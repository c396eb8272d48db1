"""The clock, whether it can be believed, and the time of the last boot."""

import ctypes
import time
from pathlib import Path

import psutil
import pytest

from exporters.kernel_clock import ClockState, Timex, clock_state, interpreted
from exporters.node_clock import NodeClock
from exporters.source import SourceError
from tests.fakes.machine import CAPTURED_6_18, Machine, shown


def test_everything_is_told_when_the_clock_is_synchronised() -> None:
    state = ClockState(synchronised=True, offset=-0.00025)
    assert shown(NodeClock(CAPTURED_6_18, clock=lambda: 1_800_000_000.5, state=lambda: state)) == {
        "node_clock_seconds": 1_800_000_000.5,
        "node_clock_synchronised": 1,
        "node_clock_offset_seconds": -0.00025,
        "node_boot_time_seconds": 1795438229,
    }


def test_an_unsynchronised_clock_has_no_known_offset(tmp_path: Path) -> None:
    state = ClockState(synchronised=False, offset=None)
    found = shown(NodeClock(tmp_path, clock=lambda: 5.0, state=lambda: state))
    assert found == {"node_clock_seconds": 5.0, "node_clock_synchronised": 0}


def test_where_the_kernel_may_not_be_asked_nothing_is_said_of_synchronisation(tmp_path: Path) -> None:
    assert shown(NodeClock(tmp_path, clock=lambda: 5.0, state=lambda: None)) == {"node_clock_seconds": 5.0}


@pytest.mark.parametrize("text", ["cpu 1 2\n", "btime soon\n"])
def test_a_boot_time_that_cannot_be_understood_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    Machine(tmp_path).write("proc/stat", text)
    with pytest.raises(SourceError, match="proc/stat: has an unknown form"):
        shown(NodeClock(tmp_path, state=lambda: None))


@pytest.mark.parametrize(
    ("result", "status", "expected"),
    [
        pytest.param(0, 0x0001, ClockState(synchronised=True, offset=-0.0015), id="offset in microseconds"),
        pytest.param(0, 0x2001, ClockState(synchronised=True, offset=-0.0000015), id="offset in nanoseconds"),
        pytest.param(1, 0x2001, ClockState(synchronised=True, offset=-0.0000015), id="a leap second to come"),
        pytest.param(5, 0x2040, ClockState(synchronised=False, offset=None), id="unsynchronised"),
        pytest.param(5, 0x2001, ClockState(synchronised=False, offset=None), id="an error of the clock"),
    ],
)
def test_what_the_kernel_says_of_its_clock(result: int, status: int, expected: ClockState) -> None:
    assert interpreted(result, Timex(offset=-1500, status=status)) == expected


def test_the_real_kernel_answers_or_refuses_and_its_clock_is_left_alone() -> None:
    before = time.time()
    state = clock_state()
    assert state is None or (state.offset is None) == (not state.synchronised)
    assert abs(time.time() - before) < 5


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "None"), (38, "None"), (14, "OSError: [Errno 14] adjtimex: Bad address")],
    ids=["a sandbox that refuses", "a kernel that does not know the call", "anything else is an error"],
)
def test_a_call_that_fails(number: int, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        def adjtimex(self, _: object) -> int:
            ctypes.set_errno(number)
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Library())
    try:
        answer = str(clock_state())
    except OSError as error:
        answer = f"OSError: {error}"
    assert answer == text


def test_the_layout_of_the_structure_is_that_of_the_kernel() -> None:
    # A 64-bit kernel writes `status` after five words; a shifted one would read noise as synchronised.
    assert (Timex.offset.offset, Timex.status.offset) == (8, 40)
    assert ctypes.sizeof(Timex) >= 208


def test_boot_time_is_what_a_second_reader_finds() -> None:
    assert shown(NodeClock())["node_boot_time_seconds"] == pytest.approx(psutil.boot_time(), abs=2)
