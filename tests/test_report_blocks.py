"""How a window is cut: into blocks as long as what is measured resembles itself."""

import pytest

from ragpulse.report import blocks
from tests.fakes.reports import chance, lognormal


def logs(alike: float) -> list[float]:
    return lognormal(0.01, alike, usual=1.0)(chance(1), 20_000)


@pytest.mark.parametrize(("alike", "expected"), [(0.0, 1.0), (0.5, 3.0), (0.9, 19.0)])
def test_the_time_alike_is_that_of_theory(alike: float, expected: float) -> None:
    """(1 + r) / (1 - r) for a chain in which each value resembles the one before by r."""
    assert blocks.alike([logs(alike)]) == pytest.approx(expected, rel=0.2)


def test_a_rare_pause_is_no_resemblance() -> None:
    steady = logs(0.0)[:500]
    paused = [1000.0 if 100 <= index < 103 else value for index, value in enumerate(steady)]
    assert blocks.alike([paused]) == pytest.approx(blocks.alike([steady]), abs=0.3)


def test_what_never_changes_resembles_nothing() -> None:
    assert blocks.alike([[1.0] * 100]) == blocks.alike([]) == 1.0


def test_a_value_in_five_moves_the_typical_one_little() -> None:
    assert blocks.typical([1.0] * 8 + [1000.0, 0.001]) == 1.0
    assert blocks.typical([1.0, 2.0]) == 1.5


@pytest.mark.parametrize(
    ("hours", "alike", "expected"), [(1, 1, 12), (1, 19, 9), (0.5, 1, 6), (4, 1, 24), (1, 1000, 0), (0.02, 1, 0)]
)
def test_blocks_are_five_minutes_at_least_and_longer_where_values_stay_alike(
    hours: float, alike: float, expected: int
) -> None:
    assert blocks.count(int(hours * 360), 10.0, alike) == expected


def test_parts_follow_each_other_and_leave_nothing_out() -> None:
    found = blocks.parts(100, 7)
    assert [part.start for part in found] == [0, *(part.stop for part in found[:-1])]
    assert found[-1].stop == 100
    assert blocks.parts(100, 0) == []
