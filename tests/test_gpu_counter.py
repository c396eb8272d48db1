"""A driver's counter never goes back and never leaps, whatever the driver does."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.gpu_counter import DriverCounter

ROUND = 1 << 32


def totals(counter: DriverCounter, *values: float, at_most: float = 1000) -> list[float | None]:
    found = []
    for value in values:
        counter.told(value, at_most)
        found.append(counter.total)
    return found


def test_it_begins_where_the_driver_stands_and_follows() -> None:
    assert totals(DriverCounter(), 500, 500, 507) == [500, 500, 507]


def test_a_reloaded_driver_counts_from_0_and_the_total_goes_on() -> None:
    assert totals(DriverCounter(), 500, 510, 3, 5, 9) == [500, 510, 510, 512, 516]


@pytest.mark.parametrize("nonsense", [0, 7, 1 << 60], ids=["nothing", "less", "far more"])
def test_a_single_reading_that_makes_no_sense_is_not_counted(nonsense: int) -> None:
    assert totals(DriverCounter(), 500, nonsense, 504) == [500, 500, 504]


def test_a_counter_that_went_round_is_followed() -> None:
    assert totals(DriverCounter(ROUND), ROUND - 10, ROUND - 5, 3) == [ROUND - 10, ROUND - 5, ROUND + 3]


def test_a_counter_that_was_reset_is_not_taken_for_one_that_went_round() -> None:
    assert totals(DriverCounter(ROUND), 700, 3, 9, at_most=math.inf) == [700, 700, 706]


def test_a_counter_of_64_bits_does_not_go_round_at_32() -> None:
    assert totals(DriverCounter(ROUND), ROUND + 10, 4, 6) == [ROUND + 10, ROUND + 10, ROUND + 12]


def test_what_we_count_ourselves_and_what_the_driver_counts_is_never_counted_twice() -> None:
    counter = DriverCounter()
    assert totals(counter, 100, 110) == [100, 110]
    counter.forget()
    counter.add(5)
    assert totals(counter, 118, 120) == [115, 117]


@given(
    st.lists(st.tuples(st.sampled_from(["counts", "resets", "lies", "is silent"]), st.integers(0, 1 << 40))),
    st.sampled_from([None, ROUND]),
)
def test_it_never_goes_back_and_no_step_is_larger_than_can_be(
    said: list[tuple[str, int]], round_at: int | None
) -> None:
    counter = DriverCounter(round_at)
    counter.told(0)
    driver = 0
    before: float = 0
    for what, number in said:
        step = number % 1000
        driver = step if what == "resets" else driver + step
        if what != "is silent":
            counter.told(number if what == "lies" else driver, 1000)
        assert counter.total is not None
        assert before <= counter.total <= before + 1000
        before = counter.total
