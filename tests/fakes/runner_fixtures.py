"""Runners on a page of their own, with clocks that stand still; a test module takes them as a pytest plugin."""

from collections.abc import Iterator

import pytest

from exporters.clocks import Clocks
from exporters.page import Page
from exporters.runner import Runner
from tests.fakes.sources import Clock, FakeSource, Make


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
        runner = Runner(source, page, Clocks(clock, clock, wall))
        runner.start()
        made.append(runner)
        return runner

    yield make_
    for runner in made:
        runner.stop()
