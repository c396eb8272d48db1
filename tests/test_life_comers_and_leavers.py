"""Sources that come and go while the agent runs: those that stay feel nothing, those that went leave nothing."""

from collections.abc import Iterator
from math import inf

import pytest

from exporters.page import Page, render
from exporters.runner import Runner
from exporters.scheduler import Schedule
from ragpulse.catalogue.service import UP
from tests.fakes.running import until
from tests.fakes.sources import Clock, CountingSource, FakeSource, Hanging, Make, lines, run_once, up, value

pytest_plugins = ["tests.fakes.runner_fixtures"]

HOUR = 3600.0
UP_OF_A = 'ragpulse_service_up{service="a"}'


@pytest.fixture
def schedule() -> Iterator[Schedule]:
    schedule = Schedule([])
    schedule.start()
    yield schedule
    schedule.stop()


def counting(name: str) -> Runner:
    """A real runner on a page of its own."""
    return Runner(FakeSource(name, interval=0.05, timeout=0.05), Page(Clock()))


def test_a_source_that_comes_later_is_run_at_once_and_each_interval(schedule: Schedule) -> None:
    early, late = counting("early"), counting("late")
    schedule.add(early)
    until(lambda: early.health.runs["ok"] >= 2, "the first one runs")
    schedule.add(late)
    until(lambda: late.health.runs["ok"] >= 2, "the later one runs")


def test_a_source_that_is_added_before_the_start_runs_from_the_start() -> None:
    schedule = Schedule([])
    runner = counting("early")
    schedule.add(runner)
    schedule.start()
    until(lambda: runner.health.runs["ok"], "it runs")
    schedule.stop()


def test_a_source_that_is_removed_is_run_no_more_and_the_others_go_on(schedule: Schedule) -> None:
    stays, goes = counting("stays"), counting("goes")
    schedule.add(stays)
    schedule.add(goes)
    until(lambda: goes.health.runs["ok"] >= 2, "it runs")
    schedule.remove(goes)
    until(lambda: not goes._thread.is_alive(), "its thread ended")
    ran, seen = goes.health.runs["ok"], stays.health.runs["ok"]
    until(lambda: stays.health.runs["ok"] >= seen + 3, "the other one goes on")
    assert goes.health.runs["ok"] == ran
    with pytest.raises(ValueError, match="not in list"):
        schedule.remove(goes)


def test_nothing_is_kept_for_a_source_that_hangs_when_it_is_removed(schedule: Schedule) -> None:
    hanging = Hanging([up("a")])
    page = Page(Clock())
    hung = Runner(FakeSource("hung", hanging, interval=HOUR, timeout=HOUR), page)
    schedule.add(hung)
    hanging.wait_until_entered()
    until(schedule._scheduler.get_jobs, "its next run is planned")
    schedule.remove(hung)
    assert schedule._scheduler.get_jobs() == []
    assert schedule._deadlines.keep() == inf
    hanging.released.set()
    until(lambda: not hung._thread.is_alive(), "its thread ended")
    assert page.text() == b""
    assert hung.health.state == "waiting"


def test_a_source_takes_the_place_of_one_of_the_same_name(schedule: Schedule) -> None:
    page = Page(Clock())
    old = Runner(FakeSource("s", lambda: [up("a", 0)], interval=HOUR), page)
    schedule.add(old)
    until(lambda: old.health.runs["ok"], "the old one ran")
    schedule.remove(old)
    new = Runner(FakeSource("s", lambda: [up("a", 1)], interval=HOUR), page)
    schedule.add(new)
    until(lambda: new.health.runs["ok"], "the new one ran")
    assert value(page, UP_OF_A) == 1


def test_who_leaves_takes_readings_counters_and_health_off_the_page(make: Make, page: Page) -> None:
    leaver = make(CountingSource("probe", lambda: [up("a")]))
    run_once(leaver)
    assert value(page, UP_OF_A) == 1
    leaver.leave()
    assert page.text() == b""
    assert leaver.due() is None


def test_a_run_in_flight_of_one_who_left_is_neither_cut_nor_counted(make: Make, page: Page) -> None:
    source = CountingSource("probe", hanging := Hanging([up("a")]))
    leaver = make(source)
    run = leaver.due()
    assert run is not None
    hanging.wait_until_entered()
    leaver.leave()
    leaver.deadline(run)
    assert leaver.due() is None
    hanging.released.set()
    until(lambda: not leaver._thread.is_alive(), "its thread ended")
    assert page.text() == b""
    assert source.cuts == 0
    assert leaver.health.state == "waiting"


def test_one_who_leaves_before_the_start_never_runs(page: Page) -> None:
    runner = Runner(FakeSource("s"), page)
    runner.leave()
    runner.start()
    until(lambda: not runner._thread.is_alive(), "its thread ended")
    assert page.text() == b""


def test_a_late_word_of_a_dropped_part_goes_nowhere_and_its_series_are_free(page: Page) -> None:
    old, new = page.part(), page.part()
    page.put(old, render([up("a", 0)], [UP]))
    page.drop(old)
    page.put(new, render([up("a", 1)], [UP]))
    page.put(old, render([up("a", 0)], [UP]))
    page.drop(old)
    assert lines(page) == [f"{UP_OF_A} 1.0"]
