"""Which records came and went between two looks, as it is counted and as a real server of each generation shows it."""

import pytest

from exporters.chroma_growth import Growth
from exporters.chroma_source import ChromaSource
from tests.fakes.chroma_database import Database
from tests.fakes.chroma_server import each_chroma
from tests.fakes.readings import by_series
from tests.fakes.sources import Clock
from tests.fakes.watched import plan

GAINED, LOST = (f'ragpulse_chroma_records_{what}_total{{service="chroma"}}' for what in ("gained", "lost"))


class Looks:
    def __init__(self) -> None:
        self.clock = Clock()
        self.growth = Growth(self.clock)

    def __call__(self, counted: dict[str, int], uncounted: tuple[str, ...] = ()) -> tuple[int, int]:
        """(gained, lost) by this look."""
        before = self.growth.gained, self.growth.lost
        self.growth.begin({*counted, *uncounted})
        for identity, records in counted.items():
            self.growth.see(identity, records)
        self.clock.advance(60)
        return self.growth.gained - before[0], self.growth.lost - before[1]


@pytest.fixture
def look() -> Looks:
    return Looks()


def test_what_lay_there_at_the_first_look_has_not_come(look: Looks) -> None:
    assert look({"a": 100, "b": 7}) == (0, 0)
    assert look.growth.changed("a") is None


def test_growth_and_shrinking_are_apart(look: Looks) -> None:
    look({"a": 100, "b": 7})
    assert look({"a": 130, "b": 2}) == (30, 5)
    assert look({"a": 130, "b": 2}) == (0, 0)
    assert look.growth.changed("a") == look.growth.changed("b") == 1060


def test_a_new_collection_has_gained_what_it_holds_and_a_deleted_one_lost_it(look: Looks) -> None:
    look({"a": 100})
    assert look({"a": 100, "new": 40}) == (40, 0)
    assert look({"new": 40}) == (0, 100)
    assert look.growth.changed("a") is None


def test_one_made_anew_under_its_name_has_another_id(look: Looks) -> None:
    look({"old": 100})
    assert look({"anew": 90}) == (90, 100)


def test_one_that_could_not_be_counted_keeps_its_last_count(look: Looks) -> None:
    look({"a": 100, "b": 5})
    assert look({"a": 100}, uncounted=("b",)) == (0, 0)
    assert look({"a": 100, "b": 6}) == (1, 0)


def test_one_that_was_listed_at_first_and_counted_later_has_not_come(look: Looks) -> None:
    look({"a": 100}, uncounted=("b",))
    assert look({"a": 100, "b": 50}) == (0, 0)


def test_one_that_came_and_could_not_be_counted_at_once_has_come_all_the_same(look: Looks) -> None:
    look({"a": 100})
    look({"a": 100}, uncounted=("b",))
    assert look({"a": 100, "b": 50}) == (50, 0)


@each_chroma
def test_a_real_server_is_seen_to_grow_and_to_shrink(database: Database) -> None:
    database.write({"kept": (10, 4), "deleted": (20, 4)})
    clock = Clock()
    source = ChromaSource(plan("chroma"), database.service(), clock)
    first = by_series(source.read())
    assert by_series(source.counters()) == {GAINED: 0, LOST: 0}
    assert not any("changed" in series for series in first)
    database.write({"new": (5, 4)})
    database.empty("kept", 4)
    database.delete("deleted")
    clock.advance(60)
    second = by_series(source.read())
    assert by_series(source.counters()) == {GAINED: 5, LOST: 24}
    changed = {series: value for series, value in second.items() if "changed" in series}
    assert set(changed.values()) == {1060}
    assert len(changed) == 2
