"""When sources are due: all at once at the start, never lost when late, not silenced by a clock that is set."""

import threading
from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from exporters.clocks import MACHINE, since_boot
from exporters.page import Page
from exporters.runner import Runner
from exporters.scheduler import Rhythm, Schedule, _SteadyScheduler
from tests.fakes.clocks import Standing
from tests.fakes.running import until
from tests.fakes.sources import Clock, FakeSource, Hanging

HOUR = 3600.0


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


def test_runs_are_due_in_a_thread_of_their_own_and_missed_ones_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    due = Runner.due

    def noted(runner: Runner) -> int | None:
        threads.append(threading.current_thread())
        return due(runner)

    monkeypatch.setattr(Runner, "due", noted)
    runner = Runner(FakeSource("s", interval=HOUR), Page(Clock()))
    schedule = Schedule([])
    runner.start()
    long_ago = since_boot() - 7.5 * HOUR
    rhythm = Rhythm(MACHINE, long_ago, HOUR)
    schedule._scheduler.repeat(rhythm, schedule._due, runner)
    schedule.start()
    until(lambda: runner.health.runs["ok"], "the late run")
    schedule.stop()
    assert [thread.name for thread in threads] == ["APScheduler"]
    assert rhythm.moment == long_ago + 8 * HOUR, "in the rhythm that it had"


def test_dates_follow_a_wall_clock_that_is_set_and_no_other() -> None:
    time = Standing()
    scheduler = _SteadyScheduler(time.clocks, lambda: inf)
    scheduler.start(paused=True)
    runner = Runner(FakeSource("s"), Page(Clock()))
    scheduler.repeat(Rhythm(time.clocks, time.clocks.since_boot() + 5, HOUR), Runner.start, runner)
    (job,) = scheduler.get_jobs()
    due = datetime.fromtimestamp(time.wall() + 5, UTC)
    assert job.next_run_time == due
    time.live(2)
    time.set_wall(0.05)
    scheduler.follow_clocks()
    assert job.next_run_time == due, "a little wrong is not set"
    time.set_wall(-HOUR)
    for _ in range(2):
        scheduler.follow_clocks()
        assert job.next_run_time == due + timedelta(seconds=0.05 - HOUR), "once for each step"
    scheduler.shutdown()
