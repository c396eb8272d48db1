"""Which runs are cut, and for which of them the scheduler must wake."""

from math import inf

import pytest

from exporters.deadlines import Deadlines
from exporters.page import Page
from exporters.runner import Runner
from tests.fakes.clocks import Standing
from tests.fakes.running import until
from tests.fakes.sources import Clock, FakeSource, Hanging

MINUTE, HOUR = 60.0, 3600.0


@pytest.fixture
def time() -> Standing:
    return Standing()


def started(hanging: Hanging, timeout: float) -> Runner:
    runner = Runner(FakeSource("s", hanging, interval=HOUR, timeout=timeout), Page(Clock()))
    runner.start()
    return runner


def finish(runner: Runner, hanging: Hanging) -> None:
    before = runner.health.runs["ok"]
    hanging.released.set()
    until(lambda: runner.health.runs["ok"] > before, "it ends")
    hanging.released.clear()


def test_a_run_is_cut_when_its_time_is_over_and_not_before(time: Standing) -> None:
    deadlines, hanging = Deadlines(time.clocks.awake), Hanging()
    runner = started(hanging, MINUTE)
    deadlines.set(runner, runner.due() or 0)
    assert deadlines.keep() == MINUTE
    time.live(MINUTE - 1)
    assert deadlines.keep() == pytest.approx(1)
    assert runner.health.runs["deadline"] == 0
    time.live(1)
    assert deadlines.keep() == inf
    assert runner.health.runs["deadline"] == 1
    hanging.released.set()


def test_nobody_wakes_for_a_run_that_has_ended(time: Standing) -> None:
    deadlines, quick, slow = Deadlines(time.clocks.awake), Hanging(), Hanging()
    ended, running = started(quick, 1.0), started(slow, MINUTE)
    deadlines.set(running, running.due() or 0)
    deadlines.set(ended, ended.due() or 0)
    assert deadlines.keep() == 1.0
    finish(ended, quick)
    assert deadlines.keep() == MINUTE
    finish(running, slow)
    assert deadlines.keep() == inf


def test_the_deadline_of_a_run_that_has_ended_is_none_of_the_next_one(time: Standing) -> None:
    deadlines, hanging = Deadlines(time.clocks.awake), Hanging()
    runner = started(hanging, MINUTE)
    deadlines.set(runner, runner.due() or 0)
    finish(runner, hanging)
    time.live(MINUTE - 1)
    deadlines.set(runner, runner.due() or 0)
    time.live(2)
    assert deadlines.keep() == pytest.approx(MINUTE - 2)
    assert runner.health.runs["deadline"] == 0
    hanging.released.set()
