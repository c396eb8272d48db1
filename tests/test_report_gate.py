"""What the gate says: worse, better, the same, or too few to tell."""

from math import log

import pytest

from ragpulse.report.gate import Blocks, Verdict, change, judge

RELEVANT, MUST_SEE = log(1.075), log(1.15)
STEADY = tuple(0.001 * index for index in range(12))


def moved(by: float, before: tuple[float, ...] = STEADY) -> Blocks:
    return Blocks(before, tuple(value + by for value in before), RELEVANT, MUST_SEE)


@pytest.mark.parametrize(
    ("by", "verdict"),
    [(0.0, "same"), (RELEVANT * 1.01, "worse"), (RELEVANT * 0.99, "same"), (-RELEVANT * 1.01, "better")],
)
def test_a_change_counts_from_half_of_what_must_be_seen(by: float, verdict: Verdict) -> None:
    assert judge([moved(by)]) == (verdict,)


def test_what_could_hide_in_the_noise_is_not_called_the_same() -> None:
    noisy = tuple(0.5 * (index % 3) for index in range(12))
    assert judge([moved(0.0, noisy)]) == ("too few to tell",)


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_a_handful_of_blocks_tells_nothing_however_far_off(count: int) -> None:
    assert judge([moved(5.0, STEADY[:count]), moved(0.0)])[0] == "too few to tell"


def test_more_comparisons_ask_for_more_blocks() -> None:
    """Six blocks against six are one case of 924: enough for one comparison, too few among twenty."""
    six = moved(1.0, STEADY[:6])
    assert judge([six])[0] == "worse"
    assert judge([six] + [moved(0.0)] * 19)[0] == "too few to tell"


def test_what_is_surely_worse_leaves_more_room_for_the_rest() -> None:
    """Holm: five blocks pass in company of others that are worse, and not among others that are the same."""
    weak = moved(1.0, STEADY[:5])
    assert judge([weak] + [moved(0.0)] * 2)[0] == "too few to tell"
    assert judge([weak] + [moved(1.0)] * 2)[0] == "worse"


def test_nothing_to_compare_is_nothing_to_judge() -> None:
    assert judge([]) == ()
    assert change(Blocks((), (1.0,), RELEVANT, MUST_SEE)) is None
