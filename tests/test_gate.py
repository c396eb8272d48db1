"""Many inside at once, or one alone; and nobody waits for ever for one that hangs inside."""

import threading
from collections.abc import Callable

import pytest

from exporters.gate import BusyError, Gate
from tests.fakes.running import until

LONG = 30.0  # bounds a broken test
SHORT = 0.01


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


class Guest:
    """A thread that goes in and stays until it is told to leave."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.is_in, self._leaves = threading.Event(), threading.Event()
        self._thread = in_thread(self._stay)

    def _stay(self) -> None:
        self._gate.enter()
        self.is_in.set()
        self._leaves.wait(LONG)
        self._gate.leave()

    def leave(self) -> None:
        self._leaves.set()
        self._thread.join(LONG)


def test_many_are_inside_at_once() -> None:
    gate = Gate(LONG)
    guests = [Guest(gate) for _ in range(3)]
    assert all(guest.is_in.wait(LONG) for guest in guests)
    for guest in guests:
        guest.leave()


def test_who_must_be_alone_waits_for_those_inside_and_newcomers_wait_for_him() -> None:
    gate, seen = Gate(LONG), []
    first = Guest(gate)
    assert first.is_in.wait(LONG)
    waits = threading.Event()

    def change() -> None:
        waits.set()
        with gate.alone():
            seen.append("alone")
            assert not late.is_in.is_set()

    changing = in_thread(change)
    assert waits.wait(LONG)
    until(lambda: gate._is_shut, "somebody waits to be alone")
    late = Guest(gate)
    assert not late.is_in.is_set()
    assert not seen
    first.leave()
    changing.join(LONG)
    assert seen == ["alone"]
    assert late.is_in.wait(LONG)
    late.leave()


def test_who_hangs_inside_keeps_others_from_being_alone_and_nobody_from_going_in() -> None:
    gate = Gate(SHORT)
    hung = Guest(gate)
    assert hung.is_in.wait(LONG)
    with pytest.raises(BusyError, match="a call hangs"), gate.alone():
        pass
    gate.enter()
    gate.leave()
    hung.leave()
    with gate.alone():
        pass


def test_who_hangs_alone_keeps_others_out_for_their_patience_only() -> None:
    gate = Gate(SHORT)
    with gate.alone():
        refused: list[BusyError] = []

        def knock() -> None:
            for enter in (gate.enter, lambda: gate.alone().__enter__()):
                try:
                    enter()
                except BusyError as error:
                    refused.append(error)

        in_thread(knock).join(LONG)
        assert len(refused) == 2


def test_who_is_inside_goes_in_again_while_somebody_waits_to_be_alone() -> None:
    gate = Gate(LONG)
    gate.enter()
    changing = in_thread(lambda: gate.alone().__enter__())
    until(lambda: gate._is_shut, "somebody waits to be alone")
    gate.enter()
    gate.leave()
    assert changing.is_alive()
    gate.leave()
    changing.join(LONG)
    assert not changing.is_alive()


def test_a_failure_of_who_was_alone_lets_the_others_in() -> None:
    gate = Gate(SHORT)
    with pytest.raises(ValueError, match="wrong"), gate.alone():
        raise ValueError("wrong")
    gate.enter()
    gate.leave()
