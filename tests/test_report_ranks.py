"""The rank test against counting by hand: every division of the values into two sides."""

from itertools import combinations

import pytest

from ragpulse.report.ranks import p_above
from tests.fakes.reports import chance


def counted(before: list[float], now: list[float]) -> float:
    values = [*before, *now]
    ranks = [
        sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2 for value in values
    ]
    reached = sum(ranks[len(before) :])
    sums = [sum(choice) for choice in combinations(ranks, len(now))]
    return sum(each >= reached - 1e-9 for each in sums) / len(sums)


@pytest.mark.parametrize("seed", range(20))
def test_p_is_the_share_of_divisions_that_rank_as_high(seed: int) -> None:
    rng = chance(seed)
    # Few different values, so that many are equal.
    before, now = ([float(rng.randrange(4)) for _ in range(rng.randrange(1, 7))] for _ in range(2))
    assert p_above(before, now) == pytest.approx(counted(before, now), rel=1e-12)


def test_twelve_blocks_all_above_twelve_others_are_one_case_of_2704156() -> None:
    before = [float(value) for value in range(12)]
    assert p_above(before, [value + 100 for value in before]) == pytest.approx(1 / 2704156, rel=1e-12)
    assert p_above([value + 100 for value in before], before) == 1.0


def test_values_that_are_all_equal_prove_nothing() -> None:
    assert p_above([1.0] * 24, [1.0] * 24) == 1.0


def test_a_side_without_values_proves_nothing() -> None:
    assert p_above([], [1.0]) == p_above([1.0], []) == 1.0


def test_more_values_than_can_be_counted_are_refused() -> None:
    with pytest.raises(ValueError, match="fewer blocks"):
        p_above([1.0] * 40, [2.0] * 40)
