"""A window in blocks that know nothing of each other, and one value for each.

Neighbouring minutes are alike: a hundred of them are no hundred witnesses. So a window is cut into blocks of five
minutes at least, and of at least twice the time over which what is measured still resembles itself.
"""

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import fmean, median

_SHORTEST = 300.0  # seconds
_TIMES_ALIKE = 2
_MOST_BLOCKS = 24
_TRIMMED = 0.2  # at either end: a pause of the garbage collector in every fifth value still does not count
_LONGEST_LAG = 8  # th part of a window: what resembles itself for longer leaves too few blocks in any case
_OUTLIER = 3.0  # standard deviations
_AS_DEVIATION = 1.4826  # times the median deviation, for a normal distribution


def typical(values: Sequence[float]) -> float:
    """Mean of the middle: nearly as exact as the mean, and as little moved by a few pauses as the median."""
    ordered = sorted(values)
    cut = int(len(ordered) * _TRIMMED)
    return fmean(ordered[cut : len(ordered) - cut])


def count(steps: int, step: float, alike: float) -> int:
    """How many blocks a window of so many steps is cut into; `alike`: steps over which values resemble each other."""
    shortest = max(ceil(_SHORTEST / step), ceil(_TIMES_ALIKE * alike), 1)
    return min(_MOST_BLOCKS, steps // shortest)


def parts(steps: int, blocks: int) -> list[slice]:
    return [slice(index * steps // blocks, (index + 1) * steps // blocks) for index in range(blocks)]


def alike(runs: Sequence[Sequence[float]]) -> float:
    """Over how many values they resemble each other (integrated autocorrelation time); 1 where they do not at all.

    Each run is looked at around its own middle, and outliers are drawn in: one pause is no resemblance.
    """
    centred = [_centred(run) for run in runs if run]
    known = sum(map(len, centred))
    power = sum(value * value for run in centred for value in run)
    if power == 0:
        return 1.0
    chance = 2 / sqrt(known)
    total = 1.0
    for lag in range(1, max(map(len, centred)) // _LONGEST_LAG):
        products = [one * other for run in centred for one, other in zip(run, run[lag:], strict=False)]
        correlation = fmean(products) / (power / known)
        if correlation < chance:
            break
        total += 2 * correlation
    return total


def _centred(run: Sequence[float]) -> list[float]:
    middle = median(run)
    around = [value - middle for value in run]
    if limit := _OUTLIER * _AS_DEVIATION * median(map(abs, around)):
        around = [max(-limit, min(limit, value)) for value in around]
    mean = fmean(around)
    return [value - mean for value in around]
