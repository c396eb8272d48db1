"""Worse, better, the same, or too few to tell? Every comparison of a report at once, so that chance has one go at all.

A comparison is `worse` when its blocks rank in the bad direction beyond chance AND the change is large enough to
matter. Where neither holds it is `same`, but only if a change that must be seen would have been seen in this noise:
else it is `too few to tell`. Chance: among all comparisons of one report together, one false `worse` in a hundred
reports of an unchanged cluster (Holm's procedure over exact rank tests).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from statistics import fmean, variance
from typing import Literal

from ragpulse.report.ranks import p_above

Verdict = Literal["worse", "better", "same", "too few to tell"]

FALSE_ALARM = 0.01
_SURE = 2.0  # standard errors: what lies so far off is seen in 97 of 100 cases


@dataclass(frozen=True, slots=True)
class Blocks:
    """One value for each block of both windows, larger = worse. relevant, must_see: changes, in their unit."""

    before: tuple[float, ...]
    now: tuple[float, ...]
    relevant: float
    must_see: float


@dataclass(frozen=True, slots=True)
class Change:
    """size: in the unit of the blocks, above 0 = worse. error: its standard error; without a spread infinite."""

    size: float
    error: float


def judge(compared: Sequence[Blocks]) -> tuple[Verdict, ...]:
    worse = _beyond_chance([p_above(blocks.before, blocks.now) for blocks in compared])
    better = _beyond_chance([p_above(blocks.now, blocks.before) for blocks in compared])
    return tuple(
        _judged(blocks, is_worse=is_worse, is_better=is_better, allowed=FALSE_ALARM / len(compared))
        for blocks, is_worse, is_better in zip(compared, worse, better, strict=True)
    )


def change(blocks: Blocks) -> Change | None:
    """Of the means of both sides; None where one is empty."""
    if not blocks.before or not blocks.now:
        return None
    return Change(fmean(blocks.now) - fmean(blocks.before), _standard_error(blocks))


def _judged(blocks: Blocks, *, is_worse: bool, is_better: bool, allowed: float) -> Verdict:
    found = change(blocks)
    if found is None:
        return "too few to tell"
    if is_worse and found.size >= blocks.relevant:
        return "worse"
    if is_better and -found.size >= blocks.relevant:
        return "better"
    return "same" if _would_be_seen(blocks, found, allowed) else "too few to tell"


def _beyond_chance(p_values: Sequence[float]) -> list[bool]:
    """Holm: the smallest is compared with the allowed chance over all of them, the next over one less, and so on."""
    found = [False] * len(p_values)
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > FALSE_ALARM / (len(p_values) - place):
            break
        found[index] = True
    return found


def _would_be_seen(blocks: Blocks, found: Change, allowed: float) -> bool:
    """The same blocks, moved to where a change that must be seen would put them if chance spoke against it."""
    planted = blocks.must_see - _SURE * found.error
    moved = [value - found.size + planted for value in blocks.now]
    return planted >= blocks.relevant and p_above(blocks.before, moved) <= allowed


def _standard_error(blocks: Blocks) -> float:
    if min(len(blocks.before), len(blocks.now)) < 2:  # noqa: PLR2004 - one value has no spread
        return inf
    return sqrt(sum(variance(side) / len(side) for side in (blocks.before, blocks.now)))
