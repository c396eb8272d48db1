"""Recall, rank drift and distance drift of answers that are known, and answers of another form."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.http_client import WrongAnswer
from exporters.recall_score import NOTHING_FOUND, Neighbour, Score, neighbours, score
from ragpulse.golden import Golden, Query

IDS = tuple("abcdefghij")
GOLDEN = Golden((Query((0.0,), IDS, tuple(range(1, 11))), Query((1.0,), IDS, tuple(range(1, 11)))))
EXACT = [Neighbour(identity, distance) for distance, identity in enumerate(IDS, 1)]


def test_the_exact_answer_is_whole() -> None:
    assert score(GOLDEN, [EXACT, EXACT]) == Score({1: 1.0, 10: 1.0}, rank_drift=0.0, distance_drift=0.0)


def test_a_lost_neighbour_lowers_recall_and_moves_those_behind_it() -> None:
    without_the_first = [*EXACT[1:], Neighbour("stranger", 11.0)]
    assert score(GOLDEN, [EXACT, without_the_first]) == Score(
        {1: 0.5, 10: 0.95}, rank_drift=9 / 19, distance_drift=0.0
    )  # fmt: skip


def test_two_that_changed_places_are_found_and_have_moved() -> None:
    changed = [EXACT[1], EXACT[0], *EXACT[2:]]
    assert score(GOLDEN, [EXACT, changed]) == Score({1: 0.5, 10: 1.0}, rank_drift=0.1, distance_drift=0.0)


def test_the_largest_error_of_a_distance_is_told_beside_the_mean_distance() -> None:
    off = [*EXACT[:4], Neighbour("e", 5.55), *EXACT[5:]]
    found = score(GOLDEN, [off, EXACT])
    assert found.distance_drift == pytest.approx(0.1)
    assert found.recall == {1: 1.0, 10: 1.0}


def test_what_finds_nothing_has_no_drift() -> None:
    strangers = [Neighbour(f"stranger {number}", 1.0) for number in range(10)]
    assert score(GOLDEN, [[], strangers]) == NOTHING_FOUND == Score({1: 0.0, 10: 0.0}, None, None)


FOUND = st.lists(st.builds(Neighbour, st.sampled_from([*IDS, "x", "y"]), st.floats(-1e6, 1e6)), max_size=10)


@given(found=st.tuples(FOUND, FOUND))
def test_whatever_is_found_the_numbers_are_within_their_bounds(found: tuple[list[Neighbour], ...]) -> None:
    told = score(GOLDEN, list(found))
    assert all(0 <= share <= 1 for share in told.recall.values())
    assert told.rank_drift is None or 0 <= told.rank_drift <= 9
    assert told.distance_drift is None or (told.distance_drift >= 0 and math.isfinite(told.distance_drift))


def test_the_answer_to_queries_is_read() -> None:
    answer = {"ids": [["a", "b"], []], "distances": [[0, 1.5], []], "documents": None}
    assert neighbours(answer, 2) == [[Neighbour("a", 0.0), Neighbour("b", 1.5)], []]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"ids": [["a"]], "distances": None}, id="no distances"),
        pytest.param({"ids": [["a"], ["a"]], "distances": [[1], [1]]}, id="more lists than queries"),
        pytest.param({"ids": ["a"], "distances": [[1]]}, id="an id that is no list"),
        pytest.param({"ids": [["a", "b"]], "distances": [[1]]}, id="more ids than distances"),
        pytest.param({"ids": [["a"] * 11], "distances": [[1] * 11]}, id="more than ten"),
        pytest.param({"ids": [[1]], "distances": [[1]]}, id="an id that is a number"),
        pytest.param({"ids": [["a"]], "distances": [["1"]]}, id="a distance that is text"),
        pytest.param({"ids": [["a"]], "distances": [[True]]}, id="a distance that is a truth value"),
        pytest.param({"ids": [["a"]], "distances": [[None]]}, id="a distance that is null"),
        pytest.param({"ids": [["a"]], "distances": [[math.nan]]}, id="a distance that is NaN"),
        pytest.param({"ids": [["a"]], "distances": [[math.inf]]}, id="a distance without end"),
        pytest.param({"ids": [["a"]], "distances": [[10**400]]}, id="a distance larger than any float"),
    ],
)
def test_an_answer_of_another_form_is_invalid(answer: dict[str, Any]) -> None:
    with pytest.raises(WrongAnswer) as wrong:
        neighbours(answer, 1)
    assert wrong.value.reason == "invalid"
