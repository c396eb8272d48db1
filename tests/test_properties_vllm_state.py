"""Demand and stalls from any sequence of looks: engines that come, go and start anew, gaps, a clock that leaps."""

from dataclasses import dataclass

from hypothesis import example, given
from hypothesis import strategies as st

from exporters.canary_record import Finding
from exporters.vllm_demand import Demand
from exporters.vllm_page import Engine
from exporters.vllm_state import STALLED_AFTER, StateWatch
from exporters.vllm_text import EngineKey
from tests.fakes.readings import by_series

LONGEST = 15.0
PATIENCE = 7.0
KEYS: tuple[EngineKey, ...] = (("m", "0"), ("m", "1"))


@dataclass(frozen=True)
class Step:
    """What an engine did since the look before: tokens made, and whether it started anew after `lost` of them."""

    made: int
    lost: int | None
    running: int
    waiting: int
    kv_cache: float


@dataclass(frozen=True)
class Look:
    """`engines` is None when nothing could be seen. `after`: seconds since the look before. `canary`: what one said
    that ended at this look.
    """

    after: float
    engines: dict[EngineKey, Step] | None
    canary: str | None = None


steps = st.builds(
    Step,
    made=st.integers(0, 3) | st.integers(0, 2**40),
    lost=st.none() | st.integers(0, 5),
    running=st.integers(0, 2),
    waiting=st.integers(0, 2),
    kv_cache=st.sampled_from((0.1, 0.95, 1.0)),
)
looks = st.lists(
    st.builds(
        Look,
        after=st.sampled_from((0.0, 5.0, 7.5, LONGEST, LONGEST + 0.5, 1e6)),
        engines=st.none() | st.dictionaries(st.sampled_from(KEYS), steps),
        canary=st.sampled_from((None, "", "timeout", "timeout")),
    ),
    max_size=20,
)


@dataclass
class Seen:
    """One look as the source gets it, with what truly was made since the look before."""

    at: float
    engines: dict[EngineKey, Engine] | None
    made: int
    canary: str | None


def played(history: list[Look]) -> list[Seen]:
    """The counters of engines that live through `history`; one that is not seen goes on unseen."""
    at, counters, found = 0.0, dict.fromkeys(KEYS, 1000), []
    for look in history:
        at += look.after
        for key, step in (look.engines or {}).items():
            counters[key] = step.made if step.lost is not None else counters[key] + step.made
        engines = None if look.engines is None else {
            key: Engine(step.running, step.waiting, step.kv_cache, float(counters[key]), float(counters[key]))
            for key, step in look.engines.items()
        }  # fmt: skip
        made = sum(step.made + (step.lost or 0) for step in (look.engines or {}).values())
        found.append(Seen(at, engines, made, look.canary))
    return found


def waits(seen: Seen) -> bool:
    return any(engine.waiting for engine in (seen.engines or {}).values())


@given(looks)
def test_demand_only_grows_and_never_faster_than_time_and_tokens(history: list[Look]) -> None:
    demand = Demand("v", longest=LONGEST)
    seconds = tokens = 0.0
    before: Seen | None = None
    for seen in played(history):
        if seen.engines is None:
            demand.forget()
        else:
            demand.observe(seen.engines, seen.at)
        values = by_series(demand.samples())
        more_seconds = values['ragpulse_vllm_demand_seconds_total{service="v"}'] - seconds
        more_tokens = values['ragpulse_vllm_demand_generation_tokens_total{service="v"}'] - tokens
        joined = before is not None and waits(before) and waits(seen) and seen.at - before.at <= LONGEST
        assert more_seconds == (seen.at - before.at if joined and before else 0.0)
        assert 0 <= more_tokens <= (seen.made if joined else 0)
        seconds, tokens, before = seconds + more_seconds, tokens + more_tokens, seen


@given(looks)
@example([Look(0, {KEYS[0]: Step(7, None, 0, 0, 0.1)}), Look(60, {KEYS[0]: Step(0, None, 1, 0, 0.1)})])
@example([Look(after, {KEYS[0]: Step(0, None, 0, 0, 0.1)}, "timeout") for after in (0.0, 15.0)])
@example([Look(5, {KEYS[0]: Step(0, None, 0, 0, 0.1), KEYS[1]: Step(1, None, 0, 0, 0.1)}, "timeout")] * 4)
def test_stalled_is_what_has_work_or_canaries_and_no_progress_for_the_whole_time(history: list[Look]) -> None:
    watch = StateWatch(PATIENCE)
    past: list[Seen] = []
    for seen in played(history):
        past.append(seen)
        if seen.engines is None:
            watch.forget()
            continue
        finding = None if seen.canary is None else Finding(seen.at, seen.canary)
        state = watch.judge(seen.engines, seen.at, finding=finding)
        if seen.engines:
            assert (state == "stalled") == is_stalled(past)
        if state == "saturated":
            assert waits(seen)


def is_stalled(past: list[Seen]) -> bool:
    engines = past[-1].engines or {}
    if any(stands_still(key, past, busy=True) for key in engines):
        return True
    still = [stands_still(key, past, busy=False) for key in engines]
    return past[-1].canary == "timeout" and (all(still) or (any(still) and unanswered(past) >= STALLED_AFTER))


def stands_still(key: EngineKey, past: list[Seen], *, busy: bool) -> bool:
    """Backwards from now: seen at one and the same progress for long enough, with work at every look if `busy`."""
    now = past[-1]
    for seen in reversed(past):
        if seen.engines == {}:
            continue  # a page that says nothing ends nothing
        engine = (seen.engines or {}).get(key)
        if engine is None or engine.progress != (now.engines or {})[key].progress:
            return False
        if busy and not (engine.running or engine.waiting):
            return False
        if now.at - seen.at >= STALLED_AFTER:
            return True
    return False


def unanswered(past: list[Seen]) -> float:
    """Seconds since the first of the canaries was sent that timed out one after the other."""
    sent = past[-1].at
    for seen in reversed(past):
        if seen.engines is None or seen.canary != "timeout":
            break
        sent = seen.at - PATIENCE
    return past[-1].at - sent
