"""From counters to what grew in each step, and from buckets to quantiles."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragpulse.metric import LATENCY_EDGES
from ragpulse.report.growth import growth
from ragpulse.report.quantiles import Quantile, quantiles
from ragpulse.report.window import Window, WindowError, window

WINDOW = Window(end=1000.0, step=10.0, steps=4)  # from 960 on


def test_the_growth_of_each_step_is_exact() -> None:
    assert growth([(960, 5.0), (970, 5.012), (980, 5.012), (990, 5.5), (1000, 6.5)], WINDOW) == [0.012, 0, 0.488, 1.0]


def test_a_counter_that_falls_was_born_anew() -> None:
    assert growth([(960, 100.0), (970, 103.0), (980, 2.0), (990, 4.0), (1000, 4.0)], WINDOW) == [3, 2, 2, 0]


def test_what_grew_unseen_stands_where_it_was_seen_again_and_is_not_lost() -> None:
    assert growth([(960, 0.0), (990, 7.0), (1000, 8.0)], WINDOW) == [0, 0, 7, 1]


def test_a_counter_that_is_first_seen_has_not_grown() -> None:
    assert growth([(980, 50.0), (990, 51.0)], WINDOW) == [0, 0, 1, 0]


@pytest.mark.parametrize("points", [[(0, 1.0), (1e300, 2.0)], [(960, -1e308), (970, 1e308)]])
def test_points_that_no_grid_has_do_no_harm(points: list[tuple[float, float]]) -> None:
    assert growth(points, WINDOW) == [0, 0, 0, 0]


@given(st.lists(st.integers(0, 1000), min_size=5, max_size=5), st.integers(0, 4))
def test_the_steps_of_a_counter_add_up_to_what_it_counted(grown: list[int], reset_at: int) -> None:
    counter, points = 0, []
    for index, each in enumerate(grown):
        counter = each if index == reset_at else counter + each
        points.append((960.0 + 10 * index, float(counter)))
    found = growth(points, WINDOW)
    # What a counter has after a reset that its value does not show cannot be told from growth.
    assert sum(found) <= sum(grown[1:])
    if reset_at == 0:
        assert found == grown[1:]


def counts(durations: list[float]) -> list[tuple[float, float]]:
    return [(edge, float(sum(each <= edge for each in durations))) for edge in (*LATENCY_EDGES, inf)]


@given(st.lists(st.floats(0.0001, 20), min_size=1, max_size=200))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(durations: list[float]) -> None:
    ordered = sorted(durations)
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        found = quantiles(counts(durations))[name]
        true = ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]
        assert found.at_least <= true <= (inf if found.at_most is None else found.at_most)
        assert found.at_least <= found.value <= (inf if found.at_most is None else found.at_most)


def test_half_of_an_even_spread_is_the_middle_of_its_bucket() -> None:
    assert quantiles([(0.01, 0), (0.025, 10), (inf, 10)])["p50"] == Quantile(0.0175, 0.01, 0.025)


def test_beyond_the_last_edge_only_that_is_known() -> None:
    assert quantiles([(10.0, 1), (inf, 100)])["p95"] == Quantile(10.0, 10.0, None)


@pytest.mark.parametrize("buckets", [[], [(0.1, 0.0), (inf, 0.0)]])
def test_nothing_counted_has_no_quantiles(buckets: list[tuple[float, float]]) -> None:
    assert quantiles(buckets) == {}


def test_counts_that_extrapolation_made_uneven_are_read_as_even() -> None:
    assert quantiles([(0.1, 10.0), (0.25, 9.99), (inf, 10.0)])["p99"].at_most == 0.1


def test_a_step_is_a_scrape_until_the_window_has_too_many() -> None:
    assert window(1000.0, 3600, 10) == Window(1000.0, 10, 360)
    assert window(1000.0, 86400, 10) == Window(1000.0, 40, 2160)


def test_a_window_of_hardly_a_scrape_is_refused() -> None:
    with pytest.raises(WindowError, match="--window 30s: Prometheus scrapes every 10 s; measure 1m at least"):
        window(1000.0, 30, 10)
