import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragpulse.overview.facts import History
from ragpulse.overview.quantities import in_window, quantity
from ragpulse.overview.sparkline import HEIGHT, WIDTH, Sparkline, sparkline

Points = list[tuple[float, float]]


def drawn(points: Points, objective: float = 0.99) -> Sparkline:
    found = sparkline(History(0, 100, 10, tuple(points)), objective, lambda value: quantity(value, "ratio"))
    assert found is not None
    return found


def places(path: str) -> Points:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+),([\d.]+)", path)]


def test_no_points_make_no_line() -> None:
    assert sparkline(History(0, 100, 10, ()), 0.99, str) is None


def test_time_runs_to_the_right_and_larger_values_stand_higher() -> None:
    (left, low), (middle, high), (right, _) = places(drawn([(0, 0.5), (50, 1.0), (100, 0.8)]).line[0:]) or []
    assert (left, middle, right) == (0, WIDTH / 2, WIDTH)
    assert high < low


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    line = drawn([(0, 1.0), (10, 0.9), (60, 0.9), (70, 1.0)]).line
    assert line.count("M") == 2


def test_a_single_point_is_a_dot() -> None:
    assert drawn([(50, 1.0)]).line.endswith("h0")


def test_a_level_stretch_is_drawn_by_its_two_ends() -> None:
    assert len(places(drawn([(time, 1.0) for time in range(0, 101, 10)]).line)) == 2


def test_the_objective_stands_between_what_misses_and_what_meets_it() -> None:
    found = drawn([(0, 0.9), (10, 1.0)])
    (_, missing), (_, meeting) = places(found.line)
    assert meeting < found.objective < missing


def test_a_line_that_hardly_moves_is_not_blown_up_to_drama() -> None:
    found = drawn([(0, 0.99001), (10, 0.99)])
    (_, first), (_, second) = places(found.line)
    assert abs(first - second) < 1


def test_it_is_told_in_words_too() -> None:
    assert drawn([(0, 0.5), (10, 1.0)]).words == "last hour: 50 % to 100 %; objective 99 %"
    assert drawn([(0, 1.0), (10, 1.0)]).between == "100 %"


@given(
    st.lists(st.floats(-1e12, 1e12, allow_nan=False), min_size=1, max_size=30),
    st.floats(1e-6, 1e9, allow_nan=False),
)
def test_whatever_the_values_the_line_stays_inside_its_box(values: list[float], objective: float) -> None:
    points: Points = [(index * 3, value) for index, value in enumerate(values)]
    found = drawn(points, objective)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places(found.line))
    assert 0 <= found.objective <= HEIGHT
    assert "e" not in found.line


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.0, "ratio", "100 %"),
        (0.99996, "ratio", "99.99 %"),
        (0.99899999, "ratio", "99.89 %"),
        (0.983, "ratio", "98.3 %"),
        (0.29, "ratio", "29 %"),
        (0.0, "ratio", "0 %"),
        (163.94, "tokens/s", "163 tokens/s"),
        (5.25, "tokens/s", "5.2 tokens/s"),
        (1234567.0, "tokens/s", "1234567 tokens/s"),
    ],
)
def test_a_value_is_cut_and_never_rounded_up(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_a_window_of_a_minute_is_called_the_last_minute() -> None:
    assert (in_window(60), in_window(300)) == ("in the last minute", "in 5 min")
