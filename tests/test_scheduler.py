"""When sources are due: all at once at the start, never lost when late, not silenced by a clock that is set."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.base import STATE_PAUSED

from exporters.page import Page
from exporters.runner import Runner
from exporters.scheduler import Schedule, _SteadyScheduler
from tests.fakes.running import until
from tests.fakes.sources import Clock, FakeSource, Hanging

HOUR = 3600.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wall() -> Clock:
    return Clock(1.7e9)


@pytest.fixture
def paused(clock: Clock, wall: Clock) -> Iterator[_SteadyScheduler]:
    """Started, and processing nothing until it is resumed."""
    scheduler = _SteadyScheduler(clock, wall)
    scheduler.start(paused=True)
    yield scheduler
    scheduler.shutdown()


def test_every_source_has_its_first_run_at_once() -> None:
    page = Page(Clock())
    sources = [FakeSource(f"s{number}", interval=HOUR, timeout=HOUR) for number in range(40)]
    runners = [Runner(source, page) for source in sources]
    schedule = Schedule(runners)
    schedule.start()
    until(lambda: all(runner.health.runs["ok"] == 1 for runner in runners), "every source ran")
    schedule.stop()


def test_runs_come_each_interval_and_a_hung_one_is_cut_at_its_deadline() -> None:
    page = Page(Clock())
    hanging = Hanging()
    # As long as the interval: the next due run and the deadline of the last one fall together.
    hung = Runner(FakeSource("hung", hanging, interval=0.05, timeout=0.05), page)
    good = Runner(FakeSource("good", interval=0.05, timeout=0.05), page)
    schedule = Schedule([hung, good])
    schedule.start()
    until(lambda: hung.health.runs["deadline"] >= 3 and good.health.runs["ok"] >= 5, "both went on")
    hanging.released.set()
    until(lambda: hung.health.runs["ok"] >= 3, "the source that hung works again")
    schedule.stop()
    assert good.health.runs["error"] == hung.health.runs["error"] == 0


def test_each_run_is_cut_by_a_deadline_of_its_own() -> None:
    page = Page(Clock())
    hanging = Hanging()
    hanging.released.set()
    runner = Runner(FakeSource("s", hanging, interval=0.05, timeout=0.05), page)
    schedule = Schedule([runner])
    schedule.start()
    for _ in range(3):
        ok, cut = runner.health.runs["ok"], runner.health.runs["deadline"]
        until(lambda ok=ok: runner.health.runs["ok"] > ok, "it works")  # type: ignore[misc]
        hanging.released.clear()
        until(lambda cut=cut: runner.health.runs["deadline"] > cut, "it is cut")  # type: ignore[misc]
        hanging.released.set()
    schedule.stop()


def test_ticks_run_in_the_scheduler_itself_and_missed_ones_are_one() -> None:
    ran: list[threading.Thread] = []
    scheduler = _SteadyScheduler(Clock(), Clock())
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    scheduler.add_job(lambda: ran.append(threading.current_thread()), "interval", hours=0.5, next_run_time=long_ago)
    scheduler.start()
    until(lambda: ran, "the late tick ran")
    (thread,) = {*ran}
    scheduler.shutdown()
    assert len(ran) == 1
    assert thread.name == "APScheduler"


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "forward"])
def test_jobs_move_along_when_the_wall_clock_is_set(
    paused: _SteadyScheduler, clock: Clock, wall: Clock, step: float
) -> None:
    assert paused.state == STATE_PAUSED
    due = datetime.now(UTC) + timedelta(seconds=5)
    job = paused.add_job(print, "interval", seconds=5, next_run_time=due)
    clock.advance(2)
    wall.advance(2 + step)
    paused.follow_clock()
    assert job.next_run_time == due + timedelta(seconds=step)
    paused.follow_clock()
    assert job.next_run_time == due + timedelta(seconds=step), "once for each step"


def test_a_clock_that_is_only_slewed_moves_no_job(paused: _SteadyScheduler, clock: Clock, wall: Clock) -> None:
    due = datetime.now(UTC) + timedelta(seconds=5)
    job = paused.add_job(print, "interval", seconds=5, next_run_time=due)
    for _ in range(100):
        clock.advance(5)
        wall.advance(5.0025)
        paused.follow_clock()
    assert job.next_run_time == due
