"""Which sources run: what waits for something to read costs nothing until then, and nobody else feels its start."""

import pytest

from exporters.page import Page
from exporters.planned import Planned
from exporters.roster import Roster
from exporters.scheduler import Schedule
from tests.fakes.sources import Clock, FakeSource, lines


class Waiting:
    def __init__(self) -> None:
        self.page = Page(Clock())
        self.roster = Roster(self.page, Schedule([]))
        self.is_there = False

    def plan(self, *, settings: object = None) -> list[Planned]:
        late = Planned(FakeSource("late"), settings, when=lambda: self.is_there)
        return [Planned(FakeSource("first")), late, Planned(FakeSource("last"))]

    def names(self) -> list[str]:
        return [runner.source.name for runner in self.roster.runners()]


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_a_source_without_anything_to_read_is_on_neither_page(waiting: Waiting) -> None:
    assert waiting.roster.adopt(waiting.plan()).started == ("first", "last")
    assert waiting.roster.again().started == ()
    assert waiting.names() == ["first", "last"]
    assert not [line for line in lines(waiting.page) if "late" in line]


def test_it_starts_in_its_place_once_there_is_something_and_the_others_go_on(waiting: Waiting) -> None:
    waiting.roster.adopt(waiting.plan())
    before = {runner.source.name: runner for runner in waiting.roster.runners()}
    waiting.is_there = True
    change = waiting.roster.again()
    assert (change.started, change.ended) == (("late",), ())
    assert waiting.names() == ["first", "late", "last"]
    assert all(runner is before.get(runner.source.name, runner) for runner in waiting.roster.runners())
    assert waiting.roster.again().started == ()


def test_a_reload_before_and_after_it_started_changes_only_what_its_settings_changed(waiting: Waiting) -> None:
    waiting.roster.adopt(waiting.plan(settings=1))
    change = waiting.roster.adopt(waiting.plan(settings=2))
    assert (change.started, change.ended) == ((), ())
    waiting.is_there = True
    assert waiting.roster.again().started == ("late",)
    assert waiting.roster.adopt(waiting.plan(settings=2)).started == ()
    assert waiting.roster.adopt(waiting.plan(settings=3)).started == ("late",)
