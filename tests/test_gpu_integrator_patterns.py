"""Whatever a GPU does and however its driver samples it, busy seconds are those that were.

Times of the loads are odd fractions of a second: none of them keeps step with a driver's samples for minutes.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.sampling_driver import SamplingDriver, Watch
from tests.fakes.strategies import tries

pytestmark = pytest.mark.proof

SIXTH = 1 / 6
SECONDS = st.one_of(st.integers(17, 900), st.integers(901, 7000)).map(lambda ms: ms / 1000 + 0.000137)
BUSY = st.one_of(st.just(0.0), st.just(100.0), st.floats(0.5, 99.5))
PATTERNS = st.lists(st.tuples(SECONDS, BUSY), min_size=1, max_size=12)
PHASES = st.floats(0.03, 0.97)
WOBBLES = st.sampled_from([0.0, 0.01, 0.2])
BASES = st.sampled_from([0, 93_784_000_000, 1_795_000_000_000_000])
MANY = tries(10)
SOME = tries(1)
FEW = tries(0.25)


def watched(driver: SamplingDriver, wobble: float, seconds: float = 120.0) -> Watch:
    watch = Watch(driver)
    watch.run(seconds, wobble=wobble, seed=7)
    return watch


def agrees(watch: Watch, periods_at_the_ends: float = 2.0) -> None:
    """Within 1 % of the truth, and what the first and the last sample know of other times."""
    allowed = 0.01 * watch.truly_busy + periods_at_the_ends * watch.driver.period
    assert watch.busy == pytest.approx(watch.truly_busy, abs=allowed)


@MANY
@given(
    pattern=PATTERNS,
    phase=PHASES,
    wobble=WOBBLES,
    base=BASES,
    period=st.sampled_from([SIXTH, 0.2]),
    jitter=st.sampled_from([0.0, 0.1]),
)
def test_busy_seconds_of_any_pattern(  # noqa: PLR0917
    pattern: list[tuple[float, float]], phase: float, wobble: float, base: int, period: float, jitter: float
) -> None:
    driver = SamplingDriver(pattern, period=period, phase=phase, base=base, jitter=jitter, rounds=False)
    watch = watched(driver, wobble)
    agrees(watch)
    assert watch.integrator.gap == 0
    assert watch.observed == pytest.approx(watch.wall, abs=2 * period)


@SOME
@given(pattern=PATTERNS, phase=PHASES, wobble=WOBBLES, dry=st.sampled_from(["zeros", "sleeps"]))
def test_busy_seconds_of_any_pattern_with_a_buffer_that_runs_dry(
    pattern: list[tuple[float, float]], phase: float, wobble: float, dry: str
) -> None:
    watch = watched(SamplingDriver(pattern, phase=phase, dry=dry, rounds=False), wobble)
    agrees(watch)
    assert watch.integrator.gap == 0
    assert watch.wall - 2.3 <= watch.observed <= watch.wall + SIXTH, "idle time since the last sample is told later"


@FEW
@given(pattern=PATTERNS, phase=PHASES, wobble=WOBBLES, dry=st.sampled_from(["never", "zeros"]))
def test_busy_seconds_of_a_card_that_samples_every_20_ms(
    pattern: list[tuple[float, float]], phase: float, wobble: float, dry: str
) -> None:
    agrees(watched(SamplingDriver(pattern, period=0.02, phase=phase, depth=120, dry=dry, rounds=False), wobble))


@SOME
@given(pattern=PATTERNS, phase=PHASES, wobble=WOBBLES)
def test_busy_seconds_of_a_card_that_samples_every_second(
    pattern: list[tuple[float, float]], phase: float, wobble: float
) -> None:
    """It was idle for a while at some time in the minutes that its buffer holds, as any machine."""
    driver = SamplingDriver([(6.0, 0.0), *pattern], period=1.0, phase=phase, rounds=False)
    agrees(watched(driver, wobble, 240.0))


@SOME
@given(
    cycle=st.integers(300, 19_000).map(lambda ms: ms / 1000 + 0.000137),
    phase=PHASES,
    wobble=WOBBLES,
    dry=st.sampled_from(["zeros", "sleeps"]),
    duty=st.sampled_from([0.02, 0.1, 0.3, 0.6]),
)
def test_duty_with_a_buffer_that_is_dry_at_idle_reads_as_it_is(
    cycle: float, phase: float, wobble: float, dry: str, duty: float
) -> None:
    watch = Watch(SamplingDriver([(cycle * duty, 100.0), (cycle * (1 - duty), 0.0)], phase=phase, dry=dry))
    watch.run(20 * cycle + 100.0, wobble=wobble)
    assert watch.busy / watch.observed == pytest.approx(watch.truly_busy / watch.wall, abs=0.01)


@pytest.mark.parametrize("cycle", [1 / 3, 0.5, 1.0, 2.0, 3.0, 4.0, 10.0])
@pytest.mark.parametrize("dry", ["zeros", "sleeps"])
def test_a_tenth_of_work_in_step_with_samples_and_polls_reads_a_tenth(cycle: float, dry: str) -> None:
    for phase in range(20):
        driver = SamplingDriver([(cycle * 0.1, 100.0), (cycle * 0.9, 0.0)], phase=phase / 20 + 0.013, dry=dry)
        watch = Watch(driver)
        watch.run(400.0)
        assert watch.busy / watch.observed == pytest.approx(0.1, abs=0.01), f"at phase {phase / 20}"


@SOME
@given(load=st.integers(1, 100), phase=PHASES, period=st.sampled_from([SIXTH, 0.2, 0.02]))
def test_a_steady_load_reads_as_it_is(load: int, phase: float, period: float) -> None:
    watch = watched(SamplingDriver([(1.0, float(load))], phase=phase, period=period, depth=120), 0.01, 60.0)
    assert {piece.value for piece in watch.pieces} == {load}
    assert watch.observed == pytest.approx(watch.wall, abs=2 * period)
