"""Which stage was slow: against its own past once that is known, by its time alone before."""

import pytest

from exporters.rag_usual import FEW, Usual

WELL = {"embeddings": 0.02, "retrieval": 0.03, "search_memory": 0.008, "chat": 2.0}


def known(walks: int = FEW) -> Usual:
    usual = Usual()
    for _ in range(walks):
        for stage, seconds in WELL.items():
            usual.add(stage, seconds)
    return usual


@pytest.mark.parametrize("stage", WELL)
def test_half_a_second_more_in_any_stage_names_it_though_an_answer_takes_two(stage: str) -> None:
    assert known().slowest({**WELL, stage: WELL[stage] + 0.5}) == stage


@pytest.mark.parametrize("stage", WELL)
def test_a_hundred_such_walks_in_turn_all_name_it(stage: str) -> None:
    usual = known()
    named = []
    for _ in range(100):
        walk = {**WELL, stage: WELL[stage] + 0.5}
        named.append(usual.slowest(walk))
        for each, seconds in walk.items():
            usual.add(each, seconds)
    assert named == [stage] * 100


def test_before_anything_is_usual_and_where_nothing_has_slowed_it_is_the_longest() -> None:
    assert known(FEW - 1).slowest({**WELL, "retrieval": 1.9}) == "chat"
    assert known().slowest(WELL) == "chat"
    assert known().slowest({**WELL, "search_memory": 0.04}) == "chat", "a few milliseconds are nothing"


def test_an_answer_that_now_and_then_waits_in_a_queue_does_not_hide_a_retrieval_that_has_slowed() -> None:
    usual = Usual()
    for number in range(100):
        for stage, seconds in {**WELL, "chat": 0.2 if number % 2 else 1.2}.items():
            usual.add(stage, seconds)
    assert usual.slowest({**WELL, "chat": 1.2, "retrieval": 0.53}) == "retrieval"


def test_a_walk_that_has_begun_to_take_longer_for_good_becomes_the_usual_one() -> None:
    usual = known()
    for _ in range(2000):
        usual.add("retrieval", 0.53)
    assert usual.slowest({**WELL, "retrieval": 0.53}) == "chat"
