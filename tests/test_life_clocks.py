"""The wall clock is set, the machine is suspended: sources keep their rhythm, and nothing old passes for new."""

import time
from collections.abc import Iterator

import pytest

from exporters.clocks import MACHINE
from exporters.page import Page
from exporters.peer_tally import PeerTally
from exporters.runner import Runner
from exporters.scheduler import Schedule
from exporters.source import SourceError
from exporters.tally import ProbeTally
from ragpulse.catalogue.network import PEER_FAILURES
from ragpulse.catalogue.service import FAILURES, REQUESTS
from tests.fakes.clocks import Running, Standing
from tests.fakes.running import until
from tests.fakes.sources import CountingSource, FakeSource, Hanging, raising, run_once, runs, up, value

HOUR = 3600.0
YEAR = 365 * 24 * HOUR
INTERVAL = 0.05
LAST_SUCCESS = 'ragpulse_source_last_success_timestamp_seconds{source="s"}'
UP_OF_A = 'ragpulse_service_up{service="a"}'
STEPS = pytest.mark.parametrize(
    "step",
    [3.0, -3.0, HOUR, -HOUR, 60 * YEAR, -50 * YEAR],
    ids=["s on", "s back", "h on", "h back", "to the 2080s", "to the 1970s"],
)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Running:
    return Running(monkeypatch)


@pytest.fixture
def still() -> Standing:
    return Standing()


class Live:
    """Sources that run in real time by clocks that the test moves."""

    def __init__(self, moved: Running) -> None:
        self.moved = moved
        self.page = Page(moved.clocks.since_boot)
        self.schedule = Schedule([], moved.clocks)
        self.schedule.start()

    def add(self, source: FakeSource) -> Runner:
        runner = Runner(source, self.page, self.moved.clocks)
        self.schedule.add(runner)
        return runner


@pytest.fixture
def live(moved: Running) -> Iterator[Live]:
    live = Live(moved)
    yield live
    live.schedule.stop()


def ok(runner: Runner) -> int:
    return runner.health.runs["ok"]


@STEPS
@pytest.mark.parametrize("within", [False, True], ids=["between ticks", "within a tick"])
def test_a_wall_clock_that_is_set_brings_neither_silence_nor_a_burst_of_runs(
    live: Live, step: float, *, within: bool
) -> None:
    quick = live.add(FakeSource("s", lambda: [up("a")], interval=INTERVAL, timeout=HOUR))
    slow = live.add(FakeSource("slow", interval=HOUR, timeout=HOUR))
    hanging = Hanging()
    hung = live.add(FakeSource("hung", hanging, interval=2 * HOUR, timeout=HOUR))
    until(lambda: ok(quick) >= 2 and ok(slow) == 1, "all run")
    hanging.wait_until_entered()
    before, began = ok(quick), time.monotonic()
    (live.moved.set_wall_within_a_tick if within else live.moved.set_wall)(step)
    until(lambda: ok(quick) >= before + 10, "it runs on")
    ran, took = ok(quick) - before, time.monotonic() - began
    assert ran <= took / INTERVAL + 3, "as often as its interval says, but for the one in flight and the early one"
    assert ok(slow) == 1, "it is due in an hour of real time"
    assert hung.health.runs["deadline"] == 0, "its hour is not over"
    assert value(live.page, UP_OF_A) == 1
    assert abs((value(live.page, LAST_SUCCESS) or 0) - live.moved.wall()) < HOUR / 2
    hanging.released.set()


@STEPS
def test_a_deadline_is_kept_after_the_wall_clock_was_set(live: Live, step: float) -> None:
    hanging = Hanging()
    hung = live.add(FakeSource("s", hanging, interval=HOUR, timeout=0.3))
    hanging.wait_until_entered()
    live.moved.set_wall(step)
    until(lambda: hung.health.runs["deadline"] == 1, "it is cut")
    hanging.released.set()


def test_after_a_suspend_every_source_is_run_once_and_at_once(live: Live) -> None:
    every_five_seconds = live.add(FakeSource("five", interval=5.0, timeout=HOUR))
    hourly = live.add(FakeSource("hourly", interval=HOUR, timeout=HOUR))
    daily = live.add(FakeSource("daily", interval=24 * HOUR, timeout=HOUR))
    until(lambda: ok(every_five_seconds) == ok(hourly) == ok(daily) == 1, "the first runs")
    live.moved.suspend(3 * HOUR)
    until(lambda: ok(every_five_seconds) >= 2 and ok(hourly) >= 2, "they are run again")
    assert (ok(hourly), ok(daily)) == (2, 1)


def test_a_deadline_does_not_come_for_the_time_that_nobody_lived(live: Live) -> None:
    hanging = Hanging()
    source = CountingSource("s", hanging, interval=24 * HOUR, timeout=HOUR)
    hung = live.add(source)
    hanging.wait_until_entered()
    other = live.add(FakeSource("other", interval=HOUR, timeout=HOUR))
    until(lambda: ok(other) == 1, "the other's first run")
    live.moved.suspend(3 * HOUR)
    until(lambda: ok(other) == 2, "the suspend is noticed")
    assert hung.health.state == "waiting"
    assert source.cuts == 0
    hanging.released.set()


def test_what_was_read_before_a_suspend_is_off_the_page_after_it(still: Standing) -> None:
    page = Page(still.clocks.since_boot)
    runner = Runner(FakeSource("s", lambda: [up("a")]), page, still.clocks)
    runner.start()
    run_once(runner)
    still.live(12.5)
    assert value(page, UP_OF_A) == 1
    still.suspend(HOUR)
    assert value(page, UP_OF_A) is None
    assert runs(page, "s")["ok"] == 1, "counters stay"
    run_once(runner)
    assert value(page, UP_OF_A) == 1
    runner.stop()


def test_a_run_into_which_a_suspend_falls_never_was(still: Standing) -> None:
    page = Page(still.clocks.since_boot)
    source = CountingSource("s", hanging := Hanging([up("a")]))
    runner = Runner(source, page, still.clocks)
    runner.start()
    run = runner.due()
    assert run is not None
    hanging.wait_until_entered()
    still.suspend(HOUR)
    hanging.released.set()
    until(lambda: not runner._in_flight, "it came to its end")
    assert value(page, UP_OF_A) is None, "what it read may be an hour old"
    assert runner.health.state == "waiting"
    run_once(runner)
    assert runs(page, "s") == {"ok": 1, "error": 0, "deadline": 0}
    runner.stop()


def test_one_that_hangs_since_before_a_suspend_is_given_up_without_a_failure_and_fails_from_then_on(
    still: Standing,
) -> None:
    page = Page(still.clocks.since_boot)
    source = CountingSource("s", hanging := Hanging())
    runner = Runner(source, page, still.clocks)
    runner.start()
    run = runner.due()
    assert run is not None
    still.suspend(HOUR)
    runner.deadline(run)
    assert (source.cuts, runs(page, "s")["deadline"]) == (0, 0)
    assert runner.due() is None
    assert (source.cuts, runs(page, "s")["deadline"]) == (1, 1), "it hangs while we are awake"
    hanging.released.set()
    runner.stop()


@pytest.mark.parametrize(("slept", "counted"), [(0.0, 1), (0.9, 1), (1.0, 0), (HOUR, 0)])
def test_no_service_is_to_blame_for_a_suspend_of_ours(still: Standing, slept: float, counted: int) -> None:
    tally = ProbeTally("s", ["first", "second"], {}, still.clocks)
    run = tally.start()
    run.good("first", 0.1)
    still.suspend(slept)
    still.live(3)
    run.bad("second", "timeout")
    found = {sample.labels: sample.value for sample in tally.samples() if sample.metric is REQUESTS}
    assert list(found.values()) == [1, counted]
    failed = sum(sample.value for sample in tally.samples() if sample.metric is FAILURES)
    assert failed == counted
    tally.start().bad("second", "timeout")
    assert sum(sample.value for sample in tally.samples() if sample.metric is FAILURES) == counted + 1


@pytest.mark.parametrize(("slept", "counted"), [(0.9, 1), (HOUR, 0)])
def test_no_peer_is_to_blame_for_a_suspend_of_ours(still: Standing, slept: float, counted: int) -> None:
    tally = PeerTally([("beta", "home")], still.clocks)
    run = tally.start()
    still.suspend(slept)
    tally.record(run, ("beta", "home"), 3.0, "timeout")
    assert sum(sample.value for sample in tally.samples() if sample.metric is PEER_FAILURES) == counted


@pytest.mark.parametrize("step", [HOUR, -HOUR, -50 * YEAR])
def test_the_last_success_of_a_failing_source_moves_along_with_the_wall_clock(still: Standing, step: float) -> None:
    page = Page(still.clocks.since_boot)
    source = FakeSource("s", lambda: [up("a")])
    runner = Runner(source, page, still.clocks)
    runner.start()
    run_once(runner)
    source.answer = raising(SourceError("gone"))
    still.live(60)
    run_once(runner)
    still.set_wall(step)
    still.live(5)
    run_once(runner)
    assert value(page, LAST_SUCCESS) == still.wall() - 65, "neither in the future nor years ago"
    assert runner.health.error_at == still.wall()
    still.suspend(HOUR)
    run_once(runner)
    assert value(page, LAST_SUCCESS) == still.wall() - 65 - HOUR, "a suspend is no set clock"
    runner.stop()


def test_a_clock_that_is_a_little_wrong_moves_no_last_success(still: Standing) -> None:
    page = Page(still.clocks.since_boot)
    source = FakeSource("s")
    runner = Runner(source, page, still.clocks)
    runner.start()
    run_once(runner)
    before = value(page, LAST_SUCCESS)
    source.answer = raising(SourceError("gone"))
    still.set_wall(0.9)
    run_once(runner)
    assert value(page, LAST_SUCCESS) == before
    runner.stop()


def test_the_clock_that_counts_suspends_is_never_behind_the_one_that_does_not() -> None:
    assert MACHINE.asleep() > -0.1
    assert not MACHINE.slept_since(MACHINE.asleep())
