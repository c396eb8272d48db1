"""A source that talks nonsense costs only the run in which it does."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from exporters.page import MAX_SERIES, Page
from ragpulse.catalogue.agent import SOURCE_RUNS
from ragpulse.catalogue.node import LOAD, MEMORY_AVAILABLE
from ragpulse.catalogue.service import UP
from ragpulse.metric import Metric, Sample
from tests.fakes.sources import (
    FakeSource,
    Make,
    half_way,
    lines,
    run_once,
    runs,
    up,
)

pytest_plugins = ["tests.fakes.runner_fixtures"]


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
