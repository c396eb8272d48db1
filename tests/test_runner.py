"""Whatever a source does costs only itself: results, counters, errors and health of one runner."""

import logging
import math
from collections.abc import Iterable
from typing import Any

import pytest

from exporters.page import OwnedError, Page
from exporters.runner import said
from exporters.source import SourceError
from ragpulse.catalogue.node import CPU_COUNT
from ragpulse.catalogue.service import DURATION, READY, UP
from ragpulse.metric import Sample
from tests.fakes.running import until
from tests.fakes.sources import (
    Clock,
    CountingSource,
    FakeSource,
    Hanging,
    Make,
    lines,
    raising,
    run_once,
    runs,
    up,
    value,
)

pytest_plugins = ["tests.fakes.runner_fixtures"]


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


def test_the_last_error_outlives_recovery_with_its_time(make: Make, clock: Clock, wall: Clock) -> None:
    source = FakeSource("disk", raising(SourceError("gone")))
    runner = make(source)
    run_once(runner)
    failed_at = wall.now
    clock.advance(60)
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
