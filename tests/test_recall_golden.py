"""The golden set is the same for ever, its neighbours are the exact ones, and its numbers fit into 32-bit floats."""

import hashlib
import json
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragpulse import golden
from ragpulse.golden_search import Search, Space, Vector

RECORDS, OWN = golden.own_records(), golden.own()


def squared(one: Vector, other: Vector) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def test_what_was_once_written_is_what_is_asked_for_ever() -> None:
    text = json.dumps([RECORDS, [[query.vector, query.ids, query.distances] for query in OWN.queries]])
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "4e9cc71d6f845cb6e4c77e2bf0117fdb51ac865e152929a2d7a532a89c439535"
    )


def test_it_is_a_thousand_different_records_and_fifty_queries() -> None:
    assert (len(RECORDS), len(set(RECORDS.values())), len(OWN.queries)) == (golden.RECORDS, golden.RECORDS, 50)
    assert {len(vector) for vector in RECORDS.values()} == {OWN.dimension} == {golden.DIMENSION}


def test_every_query_has_its_ten_exact_neighbours_and_the_eleventh_is_farther() -> None:
    for query in OWN.queries:
        ranked = sorted((squared(query.vector, vector), identity) for identity, vector in RECORDS.items())
        assert tuple(identity for _, identity in ranked[:10]) == query.ids
        assert tuple(distance for distance, _ in ranked[:10]) == query.distances
        assert all(one[0] < other[0] for one, other in pairwise(ranked[:11]))


def test_no_sum_of_a_distance_is_too_large_to_be_exact_in_32_bits() -> None:
    farthest = max(squared(query.vector, vector) for query in OWN.queries for vector in RECORDS.values())
    assert farthest < 2**24
    for query in OWN.queries:
        assert all(struct.unpack("f", struct.pack("f", distance)) == (distance,) for distance in query.distances)


VECTORS = st.lists(st.tuples(*[st.integers(-9, 9)] * 3), min_size=1, max_size=30)


@given(records=VECTORS, queries=VECTORS, space=st.sampled_from(["l2", "cosine", "ip"]))
def test_a_search_finds_what_sorting_everything_finds(
    records: list[Vector], queries: list[Vector], space: Space
) -> None:
    search = Search(queries, space, 5)
    for number, vector in enumerate(records):
        search.add(f"{number:02}", vector)
    for query, found in search.found():
        everything = Search([query], space, len(records))
        for number, vector in enumerate(records):
            everything.add(f"{number:02}", vector)
        ((_, all_found),) = everything.found()
        assert len(all_found) == len(records)
        assert found == all_found[:5] == sorted(all_found)[:5]


@pytest.mark.parametrize(
    ("space", "distance"), [("l2", 8.0), ("cosine", 1 - 0.6), ("ip", 1 - 15.0)], ids=["l2", "cosine", "ip"]
)
def test_a_distance_is_that_of_chroma(space: Space, distance: float) -> None:
    search = Search([(3.0, 4.0)], space, 1)
    search.add("a", (5.0, 0.0) if space != "l2" else (5.0, 6.0))
    ((_, (found,)),) = search.found()
    assert found.id == "a"
    assert found.distance == pytest.approx(distance)
