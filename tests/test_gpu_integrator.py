"""Samples that come twice, late, in disorder, with stamps of a clock that was set, or never."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.gpu_integrator import Integrator, Piece
from tests.fakes.sampling_driver import LATE, SamplingDriver, Watch

SIXTH = 1 / 6
STEADY = [(1.0, 60.0)]


def told(pieces: list[Piece]) -> tuple[float, float]:
    """Seconds, and the mean value over them."""
    seconds = sum(piece.seconds for piece in pieces)
    return seconds, sum(piece.value * piece.seconds for piece in pieces) / seconds if seconds else 0.0


def read(
    integrator: Integrator, now: float, stamps: list[float], value: float = 60.0, rate: float = 60.0
) -> list[Piece]:
    return integrator.samples(now, [(round(stamp * 1e6), value) for stamp in stamps], rate)


def steps(start: float, end: float, period: float = SIXTH) -> list[float]:
    return [start + period * number for number in range(1, round((end - start) / period) + 1)]


def followed() -> Integrator:
    """Two polls of a steady GPU are over; the newest sample is of the moment, 54 s."""
    integrator = Integrator(50.0, LATE)
    read(integrator, 50.0, steps(30.0, 50.0))
    read(integrator, 52.0, steps(50.0, 52.0))
    read(integrator, 54.0, steps(52.0, 54.0))
    return integrator


def test_what_happened_before_the_first_poll_is_not_told() -> None:
    assert read(Integrator(50.0, LATE), 50.0, steps(30.0, 50.0)) == []


def test_each_sample_counts_for_the_time_since_the_one_before() -> None:
    pieces = read(followed(), 56.0, [54.16, 54.34, 54.5])
    assert [round(piece.seconds, 6) for piece in pieces] == [0.16, 0.18, 0.16]


@pytest.mark.parametrize("how", ["twice", "in disorder", "with all older ones", "each with a second stamp close by"])
def test_samples_count_once_however_they_come(how: str) -> None:
    stamps = steps(54.0, 56.0)
    if how == "twice":
        stamps = stamps * 2
    elif how == "in disorder":
        random.Random(3).shuffle(stamps)  # noqa: S311 - no secret
    elif how == "with all older ones":
        stamps = steps(30.0, 56.0)
    else:
        stamps = [stamp + shift for stamp in stamps for shift in (-0.0005, 0.0)]
    assert told(read(followed(), 56.0, stamps)) == pytest.approx((2.0, 60.0), rel=1e-3)


@pytest.mark.parametrize("jump", [3600.0, 0.5, -0.5, -3600.0])
def test_a_drivers_clock_that_is_set_costs_a_few_polls_of_exactness_and_no_time(jump: float) -> None:
    """Stamps since the epoch, and somebody sets the clock; meanwhile the rates of the moment are counted."""
    watch = Watch(SamplingDriver(STEADY, base=1_795_000_000_000_000, depth=30))
    watch.run(10.0)
    watch.driver.base += round(jump * 1e6)
    watch.run(60.0)
    assert watch.busy == pytest.approx(watch.truly_busy, rel=0.05)
    assert watch.observed + watch.integrator.gap == pytest.approx(watch.wall, abs=0.4)
    before = watch.busy, watch.truly_busy
    watch.run(60.0)
    assert watch.busy - before[0] == pytest.approx(watch.truly_busy - before[1], rel=0.01)


def test_time_that_no_sample_will_ever_tell_is_a_gap() -> None:
    """The driver's clock is slow by a hundredth."""
    integrator = Integrator(0.0, LATE)
    observed = 0.0
    for poll in range(600):
        stamps = steps(2.0 * 0.99 * poll, 2.0 * 0.99 * (poll + 1), 0.165)
        observed += told(read(integrator, 2.0 * (poll + 1), stamps))[0]
    assert integrator.gap == pytest.approx(12.0, abs=1.0)
    assert observed + integrator.gap == pytest.approx(1200.0, abs=1.0)


def test_a_clock_that_was_set_back_is_asked_for_all_samples_until_it_is_understood() -> None:
    integrator = followed()
    for number in range(3):
        assert integrator.last_seen == 54_000_000
        integrator.samples(56.0 + 2 * number, [], 60.0)
    assert integrator.last_seen == 0
    read(integrator, 62.0, steps(30.0, 42.0))
    pieces = read(integrator, 64.0, steps(42.0, 44.0), value=33.0, rate=99.0)
    assert told(pieces) == pytest.approx((2.0, 33.0), rel=1e-3)


@pytest.mark.parametrize("counts_sleep", [True, False], ids=["stamps count the suspend", "stamps stand still"])
def test_a_suspend_is_no_time(counts_sleep: bool) -> None:  # noqa: FBT001 - a parameter of the test
    slept = 7200.0 if counts_sleep else 0.0
    pieces = read(followed(), 56.0, [*steps(54.0, 55.0), *steps(55.0 + slept, 56.0 + slept)])
    assert told(pieces) == pytest.approx((2.0, 60.0), rel=1e-3)


def test_a_hole_between_samples_is_idle_time() -> None:
    seconds, mean = told(read(followed(), 56.0, [*steps(54.0, 54.5), *steps(55.5, 56.0)]))
    assert seconds == pytest.approx(2.0)
    assert mean == pytest.approx(60.0 / 2)


def test_a_dry_poll_after_one_with_samples_is_idle_whatever_the_rate_of_the_moment() -> None:
    assert told(followed().samples(56.0, [], 90.0)) == (2.0, 0.0)


def test_a_buffer_that_stays_dry_while_the_gpu_works_is_replaced_by_rates_the_lower_of_two() -> None:
    integrator = followed()
    integrator.samples(56.0, [], 90.0)
    assert told(integrator.samples(58.0, [], 70.0)) == (2.0, 70.0)
    assert told(integrator.samples(60.0, [], 80.0)) == (2.0, 70.0)


def test_without_samples_and_rate_nothing_is_known() -> None:
    integrator = followed()
    assert integrator.samples(56.0, [], None) == []
    assert integrator.gap == pytest.approx(2.0)


def test_rates_of_a_card_without_a_buffer_count_as_they_are() -> None:
    integrator = Integrator(50.0, LATE)
    told_of = [told(integrator.point(51.0 + second, rate)) for second, rate in enumerate((80.0, 20.0, 50.0))]
    assert told_of == [(1.0, 80.0), (1.0, 20.0), (1.0, 50.0)]


def test_a_failed_poll_is_a_gap_and_what_the_buffer_still_has_of_it_is_not_told_again() -> None:
    integrator = followed()
    integrator.failed(56.0)
    assert integrator.gap == pytest.approx(2.0)
    assert told(read(integrator, 58.0, steps(54.0, 58.0)))[0] == pytest.approx(2.0)
    assert integrator.gap == pytest.approx(2.0)


def test_a_late_poll_tells_what_the_buffer_still_holds_and_the_rest_is_a_gap() -> None:
    integrator = followed()
    seconds, _ = told(read(integrator, 84.0, steps(80.0, 84.0)))
    assert (round(seconds, 1), round(integrator.gap, 1)) == (4.0, 26.0)


def test_a_late_poll_that_finds_nothing_is_a_gap() -> None:
    integrator = followed()
    assert integrator.samples(54.0 + LATE + 1, [], 80.0) == []
    assert integrator.gap == pytest.approx(LATE + 1)


def test_a_call_that_hangs_makes_a_gap_once_it_is_too_late_for_the_buffer() -> None:
    integrator = followed()
    integrator.failed_if_late(54.0 + LATE)
    assert integrator.gap == 0
    integrator.failed_if_late(54.0 + LATE + 0.1)
    assert integrator.gap == pytest.approx(LATE + 0.1)


def test_time_that_is_no_failure_and_has_no_value_is_told_by_nobody() -> None:
    integrator = followed()
    integrator.skip(56.0)
    assert integrator.gap == 0
    assert told(integrator.samples(58.0, [], 0.0)) == (2.0, 0.0)


def test_the_depth_of_a_buffer_is_seen() -> None:
    integrator = Integrator(50.0, LATE)
    assert integrator.depth == 0
    read(integrator, 50.0, steps(30.0, 50.0))
    assert integrator.depth == pytest.approx(20.0, rel=1e-3)


def test_a_buffer_that_just_reaches_from_poll_to_poll_loses_nothing() -> None:
    watch = Watch(SamplingDriver(STEADY, period=0.02, depth=100))
    watch.run(60.0, every=1.0, wobble=0.2)
    assert watch.busy == pytest.approx(watch.truly_busy, rel=0.01)


ACTS = st.one_of(
    st.tuples(st.just("poll"), st.floats(0.0, 30.0)),
    st.tuples(st.just("fail"), st.floats(0.0, 30.0)),
    st.tuples(st.just("cut"), st.floats(0.0, 30.0)),
    st.tuples(st.just("skip"), st.floats(0.0, 3.0)),
    st.tuples(st.just("no rate"), st.floats(0.0, 3.0)),
    st.tuples(st.just("set the clock"), st.floats(-5000.0, 5000.0)),
    st.tuples(st.just("forget"), st.just(0.0)),
    st.tuples(st.just("nonsense"), st.floats(0.0, 1e9)),
)


@given(
    acts=st.lists(ACTS, max_size=30),
    period=st.sampled_from([SIXTH, 0.02, 1.0]),
    dry=st.sampled_from(["never", "zeros", "sleeps"]),
    idle=st.sampled_from([0.0, None]),
)
def test_whatever_happens_no_time_is_lost_told_twice_or_told_backwards(
    acts: list[tuple[str, float]], period: float, dry: str, idle: float | None
) -> None:
    driver = SamplingDriver([(1.7, 90.0), (0.9, 0.0), (5.0, 30.0)], period=period, dry=dry)
    integrator, now, lived, observed, gap = Integrator(0.0, LATE, idle), 0.0, 0.0, 0.0, 0.0
    for act, number in acts:
        pieces: list[Piece] = []
        if act == "set the clock":
            driver.base += round(number * 1e6)
        elif act == "forget":
            driver._taken.clear()
        elif act == "nonsense":
            pieces = integrator.samples(now, [(round(number), 3.0), (round(number * 1.1), 4.0)], 5.0)
        else:
            now += number
            lived += 0.0 if act == "skip" else number
        if act == "poll":
            pieces = integrator.samples(now, driver.samples(now, integrator.last_seen), driver.rate(now))
        elif act == "no rate":
            pieces = integrator.samples(now, driver.samples(now, integrator.last_seen), None)
        elif act == "fail":
            integrator.failed(now)
        elif act == "cut":
            integrator.failed_if_late(now)
        elif act == "skip":
            integrator.skip(now)
        assert all(piece.seconds >= 0 and 0 <= piece.value <= 100 for piece in pieces)
        assert integrator.gap >= gap
        gap = integrator.gap
        observed += sum(piece.seconds for piece in pieces)
        assert observed + gap <= now + 1.0 + 1e-6, "never more than has passed, and one sample"
