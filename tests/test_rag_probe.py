"""The RAG path over real services: what each stage hands to the next, how long each takes, and which one is named."""

import time
from typing import Any

import pytest

from exporters.rag_openai import MOST_CHARACTERS, prompt
from exporters.rag_probe import RagProbe
from ragpulse.catalogue.rag import OUTCOMES, RAG_REASONS
from ragpulse.catalogue.service import REASONS
from ragpulse.plain import plain
from tests.fakes.clocks import Standing
from tests.fakes.rag_path import STAGES, Services, walk, walker
from tests.fakes.readings import by_series
from tests.fakes.watched import plan

INJECTED, WALKS = 0.5, 10


def test_a_path_over_real_services_is_walked_to_its_answer_and_each_stage_is_timed(services: Services) -> None:
    found = walk(walker(services.cluster()))
    assert found.is_up
    assert found.named("failing") == ""
    assert found.runs("good") == dict.fromkeys(STAGES, 1)
    assert found.failures() == {}
    assert found.counted['ragpulse_probe_requests_total{service="rag",check="path"}'] == 1
    assert found.counted['ragpulse_rag_generated_tokens_total{service="rag"}'] == 8
    assert found.counted['ragpulse_rag_time_to_first_token_seconds_count{service="rag"}'] == 1
    assert 0 < found.counted['ragpulse_rag_time_to_first_token_seconds_sum{service="rag"}'] <= found.seconds("path")


def test_it_is_walked_by_an_agent_that_has_the_plain_values_alone(services: Services) -> None:
    assert walk(walker(plain(services.cluster()))).is_up


def test_without_an_embedder_a_fixed_vector_is_asked_for_and_no_stage_is_made_up(services: Services) -> None:
    found = walk(walker(services.cluster(stages=[], depends_on=["chroma", "memory", "vllm"])))
    assert found.is_up
    assert list(found.runs("good")) == ["retrieval", "search_memory", "chat"]


@pytest.mark.parametrize("stage", STAGES)
def test_half_a_second_in_any_one_stage_names_it_in_ten_of_ten_walks(services: Services, stage: str) -> None:
    """And the times of the stages make up that of the path, which is the time that passed."""
    probe = walker(services.cluster())
    walk(probe)
    slow, begin = services.relays[stage], time.perf_counter()
    slow.delay = INJECTED
    try:
        walks = [walk(probe) for _ in range(WALKS)]
    finally:
        slow.delay = 0.0
    took = time.perf_counter() - begin
    assert [found.named("slowest") for found in walks] == [stage] * WALKS
    assert all(found.is_up for found in walks)
    first, last = walks[0], walks[-1]
    stages, whole = (
        sum(last.seconds(name) - first.seconds(name) for name in names) for names in (STAGES, ("path",))
    )  # fmt: skip
    assert stages == pytest.approx(whole, rel=0.05)
    assert (WALKS - 1) * INJECTED < whole < took


def test_a_walk_within_its_time_is_counted_where_there_is_one(services: Services) -> None:
    within = 'ragpulse_probe_within_target_total{service="rag",check="path"}'
    assert walk(walker(services.cluster(within="20s"))).counted[within] == 1
    assert within not in walk(walker(services.cluster())).counted, "what holds for one request holds for no path"


def test_everything_that_may_happen_is_counted_from_zero(services: Services) -> None:
    counted = by_series(walker(services.cluster()).counters())
    assert not any(counted.values())
    for stage in STAGES:
        for outcome in OUTCOMES:
            assert f'ragpulse_rag_stage_runs_total{{service="rag",stage="{stage}",outcome="{outcome}"}}' in counted
        for reason in (*REASONS, *RAG_REASONS):
            assert f'ragpulse_rag_stage_failures_total{{service="rag",stage="{stage}",reason="{reason}"}}' in counted


class Told:
    """A stage that takes as long as it is told to by a clock that stands still otherwise."""

    def __init__(self, clock: Standing, seconds: float) -> None:
        self.client: Any = self
        self.given: list[float] = []
        self._clock = clock
        self._seconds = seconds

    def within(self, seconds: float) -> "Told":
        self.given.append(seconds)
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, *_: object) -> None:
        self._clock.live(self._seconds)


@pytest.mark.parametrize("takes", [(0.1, 0.2, 0.3), (0.3, 0.1, 0.2), (0.1, 2.0, 0.1)])
def test_the_times_of_the_stages_are_the_time_of_the_path(takes: tuple[float, float, float]) -> None:
    clock = Standing()
    stages = {name: Told(clock, seconds) for name, seconds in zip("abc", takes, strict=True)}
    probe = RagProbe(plan("rag", request_timeout=6.0), "?", stages, clock.clocks, clock.clocks.awake)
    found = walk(probe)
    assert found.named("slowest") == max("abc", key=dict(zip("abc", takes, strict=True)).__getitem__)
    assert found.seconds("path") == pytest.approx(sum(takes))
    assert [found.seconds(name) for name in "abc"] == pytest.approx(list(takes))


def test_no_stage_runs_out_of_time_for_the_slowness_of_another() -> None:
    clock = Standing()
    stages = {"first": Told(clock, 2.0), "second": Told(clock, 0.5), "third": Told(clock, 1.0)}
    walk(RagProbe(plan("rag", request_timeout=6.0), "?", stages, clock.clocks, clock.clocks.awake))
    assert [stage.given for stage in stages.values()] == [[2.0], [2.0], [3.5]]


@pytest.mark.parametrize("suspended", [True, False])
def test_a_walk_into_which_a_suspend_falls_is_none(suspended: bool) -> None:  # noqa: FBT001
    clock = Standing()

    class Sleeps(Told):
        def ask(self, *_: object) -> None:
            clock.suspend(3600.0 if suspended else 0.0)

    probe = RagProbe(plan("rag"), "?", {"only": Sleeps(clock, 0.0)}, clock.clocks, clock.clocks.awake)
    assert walk(probe).runs("good") == ({} if suspended else {"only": 1})


def test_a_walk_that_is_cut_has_failed_where_it_was_and_its_late_end_counts_no_more() -> None:
    clock = Standing()

    class Cut(Told):
        def ask(self, *_: object) -> None:
            probe.cut()

    stages = {"well": Told(clock, 0.1), "hangs": Cut(clock, 0.0), "behind": Told(clock, 0.1)}
    probe = RagProbe(plan("rag"), "?", stages, clock.clocks, clock.clocks.awake)
    found = walk(probe)
    assert found.failures() == {("hangs", "deadline"): 1, ("path", "deadline"): 1}
    assert (found.runs("failed"), found.runs("skipped"), found.runs("good")) == ({"hangs": 1}, {"behind": 1}, {})


def test_what_was_found_stands_in_the_question_up_to_a_limit() -> None:
    assert prompt("Why?", ()) == "Why?"
    assert prompt("Why?", ("One.", "Two.")).splitlines()[2:] == ["- One.", "- Two.", "", "Why?"]
    assert len(prompt("Why?", ("x" * 100_000,) * 20)) < MOST_CHARACTERS + 100
