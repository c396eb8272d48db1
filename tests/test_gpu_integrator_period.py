"""How far apart samples are taken, told from stamps with idle time between them."""

import pytest

from exporters.gpu_sample_period import SamplePeriod

USUAL = 1 / 6
HALF, FULL, IDLE = 50.0, 100.0, 0.0


def learned(*steps: tuple[float, float], sleeps: bool = True) -> float:
    period = SamplePeriod(sleeps=sleeps)
    for step, value in steps:
        period.learn(step, value)
    return period.seconds


@pytest.mark.parametrize("step", [0.02, 0.1, USUAL, 0.2])
def test_short_steps_are_periods(step: float) -> None:
    assert learned(*[(step, HALF)] * 3) == step


def test_before_anything_is_known_it_is_the_usual_one() -> None:
    assert learned((0.02, HALF), (0.02, HALF)) == pytest.approx(USUAL)


@pytest.mark.parametrize("value", [IDLE, FULL])
def test_a_long_step_is_a_period_where_the_driver_cannot_have_slept(value: float) -> None:
    assert learned(*[(1.0, value)] * 3) == 1.0


def test_a_long_step_to_a_sample_of_some_work_may_hold_idle_time() -> None:
    assert learned(*[(1.0, HALF)] * 100) == pytest.approx(USUAL)


def test_a_buffer_that_never_runs_dry_has_no_idle_time_between_samples() -> None:
    assert learned(*[(1.0, HALF)] * 3, sleeps=False) == 1.0


def test_when_nothing_but_long_steps_came_for_half_an_hour_they_are_periods() -> None:
    assert learned(*[(1.0, HALF)] * 2000) == 1.0


def test_a_hole_is_no_period_whatever_stands_at_its_end() -> None:
    assert learned(*[(60.0, FULL)] * 20) == pytest.approx(USUAL)


def test_the_shortest_finding_stands() -> None:
    """Full samples after idle time that happens to begin and end with a sample look like long periods."""
    assert learned(*[(USUAL, HALF)] * 15, *[(1.0, FULL)] * 50) == pytest.approx(USUAL)
    assert learned(*[(1.0, FULL)] * 50, *[(USUAL, HALF)] * 15) == pytest.approx(USUAL)


def test_a_few_odd_steps_move_nothing() -> None:
    assert learned(*[(USUAL, HALF)] * 15, *[(0.004, HALF)] * 5) == pytest.approx(USUAL)
