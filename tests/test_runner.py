"""Whatever a source does costs only itself: results, deadlines, counters and health of one runner."""

import itertools
import logging
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from exporters.page import MAX_SERIES, OwnedError, Page
from exporters.runner import Runner, said
from exporters.source import SourceError
from ragpulse.catalogue.agent import SOURCE_RUNS
from ragpulse.catalogue.node import CPU_COUNT, LOAD, MEMORY_AVAILABLE
from ragpulse.catalogue.service import DURATION, READY, UP
from ragpulse.metric import Metric, Sample
from tests.fakes.sources import Clock, CountingSource, FakeSource, Hanging, lines, run_once, until, up

Make = Callable[..., Runner]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wall() -> Clock:
    return Clock(1.7e9)


@pytest.fixture
def page(clock: Clock) -> Page:
    return Page(clock)


@pytest.fixture
def make(page: Page, clock: Clock, wall: Clock) -> Iterator[Make]:
    made: list[Runner] = []

    def make_(source: FakeSource) -> Runner:
        runner = Runner(source, page, clock=clock, wall=wall)
        runner.start()
        made.append(runner)
        return runner

    yield make_
    for runner in made:
        runner.stop()


def runs(page: Page, source: str) -> dict[str, float]:
    """Result → count as it stands on the page."""
    found = {}
    for result in ("ok", "error", "deadline"):
        start = f'ragpulse_source_runs_total{{source="{source}",result="{result}"}} '
        (line,) = [line for line in lines(page) if line.startswith(start)]
        found[result] = float(line.removeprefix(start))
    return found


def value(page: Page, start: str) -> float | None:
    found = [line for line in lines(page) if line.startswith(start + " ")]
    return float(found[0].rpartition(" ")[2]) if found else None


def raising(error: BaseException) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


def test_all_results_exist_at_zero_before_the_first_run(make: Make, page: Page) -> None:
    make(FakeSource("disk"))
    assert runs(page, "disk") == {"ok": 0, "error": 0, "deadline": 0}
    assert value(page, 'ragpulse_source_last_success_timestamp_seconds{source="disk"}') == 0
    assert value(page, 'ragpulse_source_interval_seconds{source="disk"}') == 5
    assert value(page, 'ragpulse_source_duration_seconds{source="disk"}') is None, "no run has taken any time yet"


def test_a_good_run_puts_its_samples_and_its_health_on_the_page(
    make: Make, page: Page, clock: Clock, wall: Clock
) -> None:
    def answer() -> Iterable[Sample]:
        clock.advance(0.25)
        return [up("a"), up("b", 0)]

    run_once(make(FakeSource("probe", answer)))
    assert [line for line in lines(page) if line.startswith("ragpulse_service_up")] == [
        'ragpulse_service_up{service="a"} 1.0',
        'ragpulse_service_up{service="b"} 0.0',
    ]
    assert runs(page, "probe") == {"ok": 1, "error": 0, "deadline": 0}
    assert value(page, 'ragpulse_source_last_success_timestamp_seconds{source="probe"}') == wall.now
    assert value(page, 'ragpulse_source_duration_seconds{source="probe"}') == 0.25


def test_every_run_of_a_source_happens_in_its_own_daemon_thread(make: Make) -> None:
    first, second = FakeSource("first"), FakeSource("second")
    for runner in (make(first), make(second)):
        run_once(runner)
        run_once(runner)
    assert len(set(first.threads)) == len(set(second.threads)) == 1
    assert first.threads[0] is not second.threads[0]
    assert first.threads[0].daemon


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 7, True])
def test_every_float_is_a_legal_value(make: Make, page: Page, number: float) -> None:
    run_once(make(FakeSource("odd", lambda: [Sample(UP, number, ("a",))])))
    assert runs(page, "odd")["ok"] == 1
    found = value(page, 'ragpulse_service_up{service="a"}')
    assert found == number or (found is not None and math.isnan(found) and math.isnan(number))


@pytest.mark.parametrize(
    "error",
    [SourceError("no such file"), KeyError("x"), MemoryError(), RecursionError(), SystemExit(3), GeneratorExit()],
)
def test_an_exception_is_an_error_of_this_run_and_the_next_one_works(
    make: Make, page: Page, error: BaseException
) -> None:
    source = FakeSource("broken", raising(error))
    runner = make(source)
    run_once(runner)
    assert runs(page, "broken") == {"ok": 0, "error": 1, "deadline": 0}
    source.answer = lambda: [up("a")]
    run_once(runner)
    assert runs(page, "broken") == {"ok": 1, "error": 1, "deadline": 0}
    assert runner.health.state == "ok"


def half_way() -> Iterator[Sample]:
    yield up("a")
    raise SourceError("lost on the way")


GARBAGE: dict[str, Callable[[], Any]] = {
    "nothing to walk": lambda: None,
    "a number": lambda: 5,
    "text": lambda: "ragpulse_service_up 1",
    "something that is no sample": lambda: [("ragpulse_service_up", 1.0)],
    "None among samples": lambda: [up("a"), None],
    "a metric that it does not declare": lambda: [LOAD(1.0, window="1m")],
    "a metric declared nowhere": lambda: [Sample(Metric("ragpulse_x_y", "gauge", "x"), 1.0)],
    "a copy of a catalogue entry": lambda: [Sample(Metric(UP.name, "gauge", "other", ("service",)), 1.0, ("a",))],
    "a metric that is none": lambda: [Sample("ragpulse_service_up", 1.0)],  # type: ignore[arg-type]
    "one series twice": lambda: [up("a"), up("b"), up("a", 0)],
    "text for a value": lambda: [Sample(UP, "1", ("a",))],  # type: ignore[arg-type]
    "no value": lambda: [Sample(UP, None, ("a",))],  # type: ignore[arg-type]
    "a number too large for a float": lambda: [Sample(UP, 10**400, ("a",))],
    "too few labels": lambda: [Sample(UP, 1.0, ())],
    "a label that is no text": lambda: [Sample(UP, 1.0, (7,))],  # type: ignore[arg-type]
    "a bucket of a gauge": lambda: [Sample(UP, 1.0, ("a",), "_bucket", "0.1")],
    "a suffix that no metric has": lambda: [Sample(UP, 1.0, ("a",), "} 1\nx{")],
    "an edge on a gauge": lambda: [Sample(UP, 1.0, ("a",), "", "0.1")],
    "samples, then an exception": half_way,
    "samples without end": lambda: (up(str(number)) for number in itertools.count()),
    "health of the agent itself": lambda: [SOURCE_RUNS(1, source="healthy", result="ok")],
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_costs_only_the_run_that_says_it(make: Make, page: Page, answer: Callable[[], Any]) -> None:
    run_once(make(FakeSource("healthy", lambda: [MEMORY_AVAILABLE(1)])))
    source = FakeSource("garbage", lambda: [up("before")], emits=(UP, SOURCE_RUNS))
    runner = make(source)
    run_once(runner)
    source.answer = answer
    run_once(runner)
    assert runs(page, "garbage") == {"ok": 1, "error": 1, "deadline": 0}
    assert runs(page, "healthy") == {"ok": 1, "error": 0, "deadline": 0}
    readings = [line for line in lines(page) if not line.startswith("ragpulse_source")]
    assert readings == ['ragpulse_service_up{service="before"} 1.0', "ragpulse_node_memory_available_bytes 1.0"]


def test_a_source_with_the_most_series_is_still_read(make: Make, page: Page) -> None:
    run_once(make(FakeSource("wide", lambda: [up(str(number)) for number in range(MAX_SERIES)])))
    assert runs(page, "wide")["ok"] == 1


def test_a_series_belongs_to_the_source_that_said_it_first(make: Make, page: Page) -> None:
    run_once(make(FakeSource("first", lambda: [up("a")])))
    second = make(FakeSource("second", lambda: [up("a", 0), up("b")]))
    run_once(second)
    assert runs(page, "second") == {"ok": 0, "error": 1, "deadline": 0}
    assert 'ragpulse_service_up{service="a"}' in (second.health.error or "")
    assert [line for line in lines(page) if line.startswith("ragpulse_service_up")] == [
        'ragpulse_service_up{service="a"} 1.0'
    ]


def test_two_sources_of_one_name_are_refused_at_the_start(make: Make) -> None:
    make(FakeSource("disk"))
    with pytest.raises(OwnedError, match="disk"):
        make(FakeSource("disk"))


def test_a_hung_run_counts_as_deadline_at_its_deadline_and_again_for_each_due_run(make: Make, page: Page) -> None:
    hanging = Hanging([up("late")])
    source = CountingSource("stuck", hanging)
    runner = make(source)
    run = runner.due()
    assert run is not None
    hanging.wait_until_entered()
    assert runs(page, "stuck")["deadline"] == 0
    runner.deadline(run)
    assert runs(page, "stuck") == {"ok": 0, "error": 0, "deadline": 1}
    for count in (2, 3):
        assert runner.due() is None
        assert runs(page, "stuck")["deadline"] == count
        assert source.cuts == count
        assert value(page, 'ragpulse_probe_requests_total{service="stuck",check="cut"}') == count
    hanging.released.set()


def test_a_late_result_is_thrown_away_and_the_source_works_again(make: Make, page: Page) -> None:
    hanging = Hanging([up("late")])
    source = FakeSource("stuck", hanging)
    runner = make(source)
    runner.deadline(runner.due() or 0)
    hanging.wait_until_entered()
    hanging.released.set()
    until(lambda: not runner._in_flight, "the late run returned")
    assert runs(page, "stuck") == {"ok": 0, "error": 0, "deadline": 1}
    assert value(page, 'ragpulse_service_up{service="late"}') is None
    source.answer = lambda: [up("fresh")]
    run_once(runner)
    assert runs(page, "stuck") == {"ok": 1, "error": 0, "deadline": 1}
    assert value(page, 'ragpulse_service_up{service="fresh"}') == 1
    assert len(set(source.threads)) == 1


def test_a_late_exception_counts_once_as_deadline(make: Make, page: Page) -> None:
    hanging = Hanging(half_way())
    runner = make(FakeSource("stuck", hanging))
    runner.deadline(runner.due() or 0)
    hanging.released.set()
    until(lambda: not runner._in_flight, "the late run returned")
    assert runs(page, "stuck") == {"ok": 0, "error": 0, "deadline": 1}


def test_a_due_run_within_the_deadline_of_the_one_in_flight_counts_nothing(make: Make, page: Page) -> None:
    hanging = Hanging()
    runner = make(FakeSource("slow", hanging, interval=5.0, timeout=12.0))
    assert runner.due() == 1
    hanging.wait_until_entered()
    assert runner.due() is None
    assert runs(page, "slow") == {"ok": 0, "error": 0, "deadline": 0}
    hanging.released.set()
    until(lambda: runs(page, "slow")["ok"] == 1, "the run finished")


def test_the_deadline_of_a_finished_run_says_nothing_about_the_next(make: Make, page: Page) -> None:
    hanging = Hanging()
    hanging.released.set()
    runner = make(FakeSource("quick", hanging))
    run_once(runner)
    runner.deadline(1)
    hanging.released.clear()
    assert runner.due() == 2
    runner.deadline(1)
    assert runs(page, "quick") == {"ok": 1, "error": 0, "deadline": 0}
    runner.deadline(2)
    runner.deadline(2)
    assert runs(page, "quick") == {"ok": 1, "error": 0, "deadline": 1}
    hanging.released.set()


def test_counters_stand_at_zero_before_the_first_run_and_outlive_failed_ones(make: Make, page: Page) -> None:
    source = CountingSource("probe")
    runner = make(source)
    counted = 'ragpulse_probe_requests_total{service="probe",check="answered"}'
    assert value(page, counted) == 0

    def fail() -> Any:
        source.count += 1
        raise SourceError("cannot")

    source.answer = fail
    run_once(runner)
    assert value(page, counted) == 1


def test_counters_that_raise_keep_their_last_lines_and_cost_no_reading(make: Make, page: Page) -> None:
    source = CountingSource("probe", lambda: [up("probe")])
    runner = make(source)
    source.counters = raising(KeyError("x"))  # type: ignore[method-assign]
    run_once(runner)
    assert value(page, 'ragpulse_probe_requests_total{service="probe",check="answered"}') == 0
    assert value(page, 'ragpulse_service_up{service="probe"}') == 1
    assert runs(page, "probe") == {"ok": 0, "error": 1, "deadline": 0}
    assert (runner.health.error or "").startswith("counters: KeyError")


def test_counters_and_cuts_that_raise_do_not_reach_the_scheduler(make: Make, page: Page) -> None:
    source = CountingSource("probe", hanging := Hanging())
    source.counters = source.cut = raising(RuntimeError("no"))  # type: ignore[method-assign]
    runner = make(source)
    assert "counters: RuntimeError" in (runner.health.error or "")
    assert runner.health.state == "waiting"
    runner.deadline(runner.due() or 0)
    assert runner.due() is None
    assert runs(page, "probe")["deadline"] == 2
    hanging.released.set()


def test_a_series_is_not_both_reading_and_counter(make: Make, page: Page) -> None:
    source = CountingSource("probe")
    source.answer = lambda: list(source.counters())
    run_once(make(source))
    assert runs(page, "probe") == {"ok": 0, "error": 1, "deadline": 0}


def test_the_log_says_each_change_of_state_once(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    source = FakeSource("disk")
    runner = make(source)
    run_once(runner)
    source.answer = raising(SourceError('no "sda"'))
    run_once(runner)
    run_once(runner)
    source.answer = hanging = Hanging()
    runner.deadline(runner.due() or 0)
    runner.due()
    hanging.released.set()
    until(lambda: not runner._in_flight, "the late run returned")
    source.answer = tuple
    run_once(runner)
    run_once(runner)
    assert [record.getMessage() for record in caplog.records] == [
        'source=disk state=error error="no \\"sda\\""',
        'source=disk state=deadline error="no result within 4 s; it still hangs"',
        "source=disk state=ok",
    ]


def test_the_last_error_outlives_recovery_with_its_time(make: Make, wall: Clock) -> None:
    source = FakeSource("disk", raising(SourceError("gone")))
    runner = make(source)
    run_once(runner)
    failed_at = wall.now
    wall.advance(60)
    source.answer = tuple
    run_once(runner)
    assert (runner.health.state, runner.health.error, runner.health.error_at) == ("ok", "gone", failed_at)


class SilentError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def test_an_error_is_said_in_one_short_line() -> None:
    text = said(SourceError("first\nsecond\x1b[31m\ud800" + "x" * 1000))
    assert text.startswith("first second [31m")
    assert len(text) <= 200
    assert text.isprintable()


def test_an_unexpected_error_is_said_with_type_and_place() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    assert said(caught.value).startswith("ZeroDivisionError (test_runner.py:")


def test_an_error_that_cannot_say_what_it_is_has_at_least_a_type() -> None:
    assert said(SilentError()) == "SilentError: says nothing"


def test_families_of_one_source_may_be_any_that_it_declares(make: Make, page: Page) -> None:
    def answer() -> Iterable[Sample]:
        yield CPU_COUNT(8)
        yield READY(1, service="a")
        yield from DURATION.buckets([(0.1, 1), (math.inf, 2)], 0.5, service="a", check="c")

    run_once(make(FakeSource("many", answer, emits=(DURATION, READY, CPU_COUNT))))
    assert runs(page, "many")["ok"] == 1
    assert value(page, 'ragpulse_probe_duration_seconds_count{service="a",check="c"}') == 2
