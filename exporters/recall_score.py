"""What did the golden queries find, and how far is it from what is exactly nearest?

`neighbours` reads the answer to a query request of Chroma; `score` compares. Errors: WrongAnswer for an answer that has
another form.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from exporters.http_client import WrongAnswer
from ragpulse.golden import FIRST_AND_ALL, NEAREST, Golden, Query

_MOST = 2.0**128  # more than a 32-bit float can be


class Neighbour(NamedTuple):
    id: str
    distance: float


@dataclass(frozen=True, slots=True)
class Score:
    """recall: by k. rank_drift, distance_drift: None where no exact neighbour was found."""

    recall: Mapping[int, float]
    rank_drift: float | None = None
    distance_drift: float | None = None


NOTHING_FOUND = Score(dict.fromkeys(FIRST_AND_ALL, 0.0))


def score(golden: Golden, found: list[list[Neighbour]]) -> Score:
    """`found`: the neighbours of each query, the nearest first."""
    pairs = list(zip(golden.queries, found, strict=True))
    recall = {
        k: sum(_hits(query, neighbours, k) for query, neighbours in pairs) / (k * len(pairs)) for k in FIRST_AND_ALL
    }
    moved = [drift for query, neighbours in pairs for drift in _drifts(query, neighbours)]
    if not moved:
        return Score(recall)
    return Score(
        recall,
        rank_drift=sum(places for places, _ in moved) / len(moved),
        distance_drift=max(error for _, error in moved) / golden.mean_distance,
    )


def _hits(query: Query, neighbours: list[Neighbour], k: int) -> int:
    return len({each.id for each in neighbours[:k]} & set(query.ids[:k]))


def _drifts(query: Query, neighbours: list[Neighbour]) -> list[tuple[int, float]]:
    """(places, distance) by which each exact neighbour that was found is off."""
    at = {identity: rank for rank, identity in enumerate(query.ids)}
    return [
        (abs(at[each.id] - rank), abs(query.distances[at[each.id]] - each.distance))
        for rank, each in enumerate(neighbours)
        if each.id in at
    ]


def neighbours(answer: Mapping[str, Any], queries: int) -> list[list[Neighbour]]:
    ids, distances = answer.get("ids"), answer.get("distances")
    return [_read(*pair) for pair in zip(_lists(ids, queries), _lists(distances, queries), strict=True)]


def _lists(value: Any, count: int) -> list[list[Any]]:
    if not isinstance(value, list) or len(value) != count or not all(isinstance(each, list) for each in value):
        raise WrongAnswer("invalid", "the answer has no list of ids and of distances for each query")
    return value


def _read(ids: list[Any], distances: list[Any]) -> list[Neighbour]:
    if len(ids) != len(distances) or len(ids) > NEAREST:
        raise WrongAnswer("invalid", "the answer has not one distance for each id, or more than were asked for")
    return [Neighbour(_text(identity), _number(value)) for identity, value in zip(ids, distances, strict=True)]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongAnswer("invalid", "an id in the answer is no text")
    return value


def _number(value: Any) -> float:
    """JSON may hold NaN, and whole numbers of any length."""
    if type(value) not in (int, float) or not abs(value) <= _MOST:
        raise WrongAnswer("invalid", "a distance in the answer is no number")
    return float(value)
