"""What state follows from what was seen, as a table; how soon a stall is known; and the time of demand."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from exporters.canary_record import Finding
from exporters.vllm_demand import Demand
from exporters.vllm_page import Engine
from exporters.vllm_state import STALLED_AFTER, Health, StateWatch
from tests.fakes.readings import by_series

POLL = 5.0
EVERY, PATIENCE = 10.0, 7.0  # of a canary
KEY = ("tiny", "0")
SERVING, SATURATED, STALLED, REFUSING, DOWN = "serving", "saturated", "stalled", "refusing", "down"


def engine(
    running: float = 0, waiting: float = 0, kv: float = 0.1, generated: float = 0, progress: float = 0
) -> Engine:
    return Engine(running, waiting, kv, generated, progress or generated)


@dataclass(frozen=True)
class Look:
    """One poll. No engines: no numbers. canary: what one said that ended just now; None where none tells."""

    engines: tuple[Engine, ...] = ()
    health: Health = "well"
    canary: str | None = None


def look(*engines: Engine, health: Health = "well", canary: str | None = None) -> Look:
    return Look(engines, health, canary)


def judged(looks: list[Look]) -> list[str | None]:
    watch = StateWatch(PATIENCE)
    return [
        watch.judge(
            {("tiny", str(number)): engine for number, engine in enumerate(seen.engines)},
            poll * POLL,
            health=seen.health,
            finding=None if seen.canary is None else Finding(poll * POLL, seen.canary),
        )
        for poll, seen in enumerate(looks)
    ]


IDLE, FROZEN = engine(generated=7), engine(running=3, generated=726)
FULL = [engine(8, 5, generated=look) for look in range(1, 9)]  # requests wait, tokens flow
FOUR = [1, 2, 3, 4]

STATES = [
    # Numbers alone
    pytest.param([look(IDLE)] * 10, [SERVING] * 10, id="an idle server serves for ever"),
    pytest.param([look(FROZEN)] * 5, [SERVING] * 3 + [STALLED] * 2, id="running without progress for 15 s is a stall"),
    pytest.param(
        [look(engine(waiting=2, generated=7))] * 4, [SERVING, SATURATED, SATURATED, STALLED],
        id="so is waiting without progress, though nothing runs",
    ),
    pytest.param([look(FROZEN)] * 4 + [look(engine(3, generated=727))], [SERVING] * 3 + [STALLED, SERVING],
                 id="progress ends a stall"),
    pytest.param([look(FROZEN)] * 4 + [look(engine(generated=726))], [SERVING] * 3 + [STALLED, SERVING],
                 id="requests that end, end a stall"),
    pytest.param([look(engine(1, progress=step)) for step in range(1, 8)], [SERVING] * 7,
                 id="steps without tokens are progress"),
    pytest.param([look(IDLE)] * 9 + [look(engine(1, generated=7))], [SERVING] * 10,
                 id="time without work does not count towards a stall"),
    pytest.param([look(engine(1, generated=n), engine(1, generated=4)) for n in FOUR], [SERVING] * 3 + [STALLED],
                 id="one engine of two that stands still is enough"),
    pytest.param([look(one) for one in FULL[:4]], [SERVING] + [SATURATED] * 3,
                 id="requests that wait at two looks are saturation"),
    pytest.param([look(engine(8, 1, kv=0.95, generated=1))], [SATURATED],
                 id="requests that wait for a full cache are saturation at once"),
    pytest.param([look(engine(8, 0, kv=1.0, generated=n)) for n in FOUR], [SERVING] * 4,
                 id="a full cache for which nobody waits is none"),
    # Health beside them
    pytest.param([look(FROZEN, health="refuses")] * 4, [REFUSING] * 3 + [STALLED],
                 id="frozen numbers are a stall though health says 503"),
    pytest.param([look(FROZEN, health="silent")] * 4, [SERVING] * 3 + [STALLED],
                 id="and though health does not answer"),
    pytest.param([look(FROZEN, health="unclear")] * 4, [SERVING] * 3 + [STALLED],
                 id="and though what answers is no health page"),
    pytest.param([look(IDLE, health="refuses")] * 5, [REFUSING] * 5, id="an idle server that says 503 refuses"),
    pytest.param([look(IDLE, health="silent")] * 4, [SERVING] * 3 + [STALLED],
                 id="an idle one whose health hangs for 15 s is a stall where no canary knows better"),
    pytest.param([look(IDLE)] * 5 + [look(IDLE, health="silent")], [SERVING] * 6, id="one that is late once is none"),
    pytest.param([look(IDLE, health="silent", canary="")] * 9, [SERVING] * 9, id="where one does, it serves"),
    # Canaries beside numbers
    pytest.param([look(IDLE), look(IDLE), look(IDLE), look(IDLE, canary="timeout"), look(IDLE, canary="")],
                 [SERVING] * 3 + [STALLED, SERVING], id="one that hangs where nothing moves, until one is answered"),
    pytest.param([look(IDLE, canary="deadline")] * 4, [SERVING] * 3 + [STALLED], id="one that had to be cut hangs too"),
    pytest.param([look(IDLE, canary="timeout")] * 4 + [look(engine(generated=8), canary="timeout")],
                 [SERVING] * 3 + [STALLED, SERVING], id="a stall that heals is over before the next canary says so"),
    pytest.param([look(engine(generated=n), canary="timeout") for n in range(9)], [SERVING] * 9,
                 id="slow canaries while tokens flow and nobody waits are no stall"),
    pytest.param([look(engine(8, 2, generated=1), canary="timeout")], [SATURATED],
                 id="a slow canary while requests wait met a full engine"),
    pytest.param([look(engine(8, generated=n), canary="saturated") for n in FOUR], [SATURATED] * 4,
                 id="so did one that saw the queue itself"),
    pytest.param([look(engine(generated=n), IDLE, canary="timeout") for n in FOUR], [SERVING] * 3 + [STALLED],
                 id="of two engines one moves, and no canary was answered for 15 s"),
    pytest.param([look(engine(generated=n), IDLE, canary=n % 2 * "timeout") for n in range(9)], [SERVING] * 9,
                 id="of two engines one is idle, and canaries are answered in between"),
    *(pytest.param([look(IDLE, canary=reason)], [REFUSING], id=f"{reason} in place of tokens is a refusal")
      for reason in ("http_5xx", "stream_error", "stream_broken", "empty")),
    *(pytest.param([look(IDLE, canary=reason)] * 9, [SERVING] * 9, id=f"{reason} says nothing about the engine")
      for reason in ("auth", "http_4xx", "wrong_model", "connect", "tls")),
    pytest.param([look(FROZEN, canary="http_5xx")] * 4, [REFUSING] * 3 + [STALLED], id="a stall outweighs a refusal"),
    # Without numbers
    pytest.param([look()] * 3, [None] * 3, id="without numbers and canaries nobody knows"),
    pytest.param([look(health="unclear")], [None], id="nor of what may not even be vLLM"),
    pytest.param([look(health="refuses")], [REFUSING], id="but that it refuses is said"),
    pytest.param([look(health="silent")], [DOWN], id="and that nothing answers"),
    pytest.param([look(health="silent", canary="timeout")] * 4, [DOWN] * 4, id="not even a canary"),
    pytest.param([look(health="silent", canary="")], [SERVING], id="who is served knows better"),
    pytest.param([look(health="refuses", canary="")], [REFUSING], id="who says that it refuses, does"),
    pytest.param([look(canary=c) for c in ("", "timeout", "timeout", "", "timeout", "timeout", "timeout")],
                 [SERVING] * 5 + [SERVING, STALLED], id="15 s without an answered canary are a stall"),
    pytest.param([look(canary="timeout")] * 3, [None, None, STALLED], id="also from the first one on"),
    pytest.param([look(canary=c) for c in ("", "auth", "saturated", "http_5xx", "http_4xx")],
                 [SERVING, SERVING, SATURATED, REFUSING, REFUSING], id="the last that says anything counts"),
    pytest.param([look(canary=""), look(), look(canary="auth")], [SERVING, None, None], id="but not for ever"),
    pytest.param([look(FROZEN), look(FROZEN), look(), look(FROZEN)], [SERVING, SERVING, None, STALLED],
                 id="a page that is missing once does not hide a stall"),
]  # fmt: skip


@pytest.mark.parametrize(("looks", "expected"), STATES)
def test_what_is_seen_has_one_state(looks: list[Look], expected: list[str | None]) -> None:
    assert judged(looks) == expected


def test_what_could_not_be_seen_does_not_count_towards_a_stall() -> None:
    watch = StateWatch(PATIENCE)
    watch.judge({KEY: FROZEN}, 0.0)
    watch.forget()
    assert watch.judge({KEY: FROZEN}, 60.0) == SERVING
    assert STALLED_AFTER == 15.0


def test_half_an_hour_of_a_full_engine_that_progresses_is_saturated_and_never_worse() -> None:
    looks = [look(engine(8, 40, generated=n), canary="saturated") for n in range(360)]
    assert set(judged(looks)) == {SATURATED}


def test_a_day_of_idleness_with_good_canaries_serves_and_is_no_demand() -> None:
    looks = [look(engine(generated=8 * (n // 2)), canary="") for n in range(17_280)]
    assert set(judged(looks)) == {SERVING}
    demand = Demand("vllm", longest=3 * POLL)
    for number, seen in enumerate(looks):
        demand.observe({KEY: seen.engines[0]}, number * POLL)
    assert {sample.value for sample in demand.samples()} == {0}


# How soon: canaries every 10 s that give up after 7, polls every 5 s, and an engine that hangs at any moment of both.

HANGS: dict[str, Callable[[float, float], tuple[Engine, ...]]] = {
    "with requests running": lambda _, last: (engine(3, generated=last),),
    "with gauges that say idle": lambda _, last: (engine(generated=last),),
    "one engine of two": lambda now, last: (engine(3, generated=now), engine(3, generated=last)),
    "without statistics": lambda _, __: (),
}


@pytest.mark.parametrize("situation", HANGS)
@pytest.mark.parametrize("phase", [0.0, 1.25, 2.5, 3.75, 4.99])
def test_a_hang_at_any_moment_is_known_within_30_seconds(situation: str, phase: float) -> None:
    for tenth in range(0, 100, 3):
        hung = 40.0 + tenth / 10
        watch = StateWatch(PATIENCE)
        states = {}
        for number in range(30):
            at = phase + POLL * number
            last_step = min(number, (hung - phase) // POLL)
            engines = {("tiny", str(index)): one for index, one in enumerate(HANGS[situation](number, last_step))}
            states[at] = watch.judge(engines, at, finding=_last_canary(at, hung))
        known = min(at for at, state in states.items() if state == STALLED)
        assert 0 < known - hung <= 30
        assert {state for at, state in states.items() if at >= known} == {STALLED}
        assert {state for at, state in states.items() if at < hung} <= {SERVING, None}


def _last_canary(at: float, hung: float) -> Finding | None:
    """Sent at every full ten seconds, answered at once while nothing hangs."""
    ended = [
        Finding(sent + 0.1) if sent + 0.1 < hung else Finding(sent + PATIENCE, "timeout")
        for sent in (EVERY * number for number in range(20))
    ]
    return max((found for found in ended if found.at <= at), key=lambda found: found.at, default=None)


class TestDemand:
    def found(self, *looks: tuple[float, Engine] | None) -> tuple[float, float]:
        """(seconds, tokens); None stands for a look that failed."""
        demand = Demand("vllm", longest=3 * POLL)
        for look in looks:
            if look is None:
                demand.forget()
            else:
                demand.observe({KEY: look[1]}, look[0])
        values = by_series(demand.samples())
        return (
            values['ragpulse_vllm_demand_seconds_total{service="vllm"}'],
            values['ragpulse_vllm_demand_generation_tokens_total{service="vllm"}'],
        )

    def test_both_counters_exist_at_zero_from_the_start(self) -> None:
        assert self.found() == (0, 0)

    @pytest.mark.parametrize(
        ("waiting", "expected"),
        [((1, 2), (5, 300)), ((0, 2), (0, 0)), ((1, 0), (0, 0)), ((0, 0), (0, 0))],
        ids=["at both ends", "at the end only", "at the beginning only", "at neither end"],
    )
    def test_demand_is_where_requests_wait_at_both_ends(
        self, waiting: tuple[int, int], expected: tuple[float, float]
    ) -> None:
        before, after = waiting
        looks = (100.0, engine(waiting=before, generated=1000)), (105.0, engine(waiting=after, generated=1300))
        assert self.found(*looks) == expected

    def test_looks_add_up(self) -> None:
        looks = [(look * POLL, engine(waiting=1, generated=look * 10.0)) for look in range(5)]
        assert self.found(*looks) == (20, 40)

    def test_a_restarted_engine_takes_nothing_back(self) -> None:
        looks = (0.0, engine(waiting=1, generated=900)), (5.0, engine(waiting=1, generated=3))
        assert self.found(*looks, (10.0, engine(waiting=1, generated=53))) == (10, 50)

    def test_a_failed_look_separates(self) -> None:
        first, second = (0.0, engine(waiting=1, generated=1)), (5.0, engine(waiting=1, generated=2))
        assert self.found(first, None, second) == (0, 0)

    def test_looks_too_far_apart_are_not_joined(self) -> None:
        assert self.found((0.0, engine(waiting=1)), (15.1, engine(waiting=1, generated=9))) == (0, 0)

    @pytest.mark.parametrize(("generated", "within"), [(499, 0), (500, 5)], ids=["just below", "just reached"])
    def test_seconds_between_two_looks_are_within_the_target_as_a_whole_or_not_at_all(
        self, generated: int, within: float
    ) -> None:
        name = 'ragpulse_vllm_demand_within_target_seconds_total{service="vllm"}'
        demand = Demand("vllm", longest=15.0, at_least=100.0)
        assert by_series(demand.samples())[name] == 0
        demand.observe({KEY: engine(waiting=1)}, 0.0)
        demand.observe({KEY: engine(waiting=1, generated=generated)}, 5.0)
        demand.observe({KEY: engine(generated=generated + 9999)}, 10.0)
        assert by_series(demand.samples())[name] == within

    def test_where_no_throughput_is_promised_none_is_judged(self) -> None:
        assert len(list(Demand("vllm", longest=15.0).samples())) == 2

    def test_a_new_engine_brings_no_tokens_of_the_past(self) -> None:
        demand = Demand("vllm", longest=15.0)
        demand.observe({("tiny", "0"): engine(waiting=1, generated=5)}, 0.0)
        demand.observe(
            {("tiny", "0"): engine(waiting=1, generated=8), ("tiny", "1"): engine(waiting=1, generated=500)}, 5.0
        )
        assert by_series(demand.samples())['ragpulse_vllm_demand_generation_tokens_total{service="vllm"}'] == 3
