"""Do the later values lie above the earlier ones by more than chance? The exact rank-sum test (Wilcoxon, Mann-Whitney).

It asks nothing of the distribution but that, if nothing had changed, any of the values could have come first; values
that are equal share their ranks, and the p-value is that of exactly these ranks. Deterministic: no table, no
approximation, no random numbers. https://doi.org/10.1214/aoms/1177730491
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from math import comb

_MOST = 64  # values on both sides together: their number of divisions still fits into a slot below
_SLOT = 64  # bits


def p_above(before: Sequence[float], now: Sequence[float]) -> float:
    """Chance that `now` would rank as high as it does, or higher, if nothing had changed; 1 where a side is empty."""
    if not before or not now:
        return 1.0
    if len(before) + len(now) > _MOST:
        raise ValueError(f"more than {_MOST} values: put them into fewer blocks")
    ranks = _twice_ranks([*before, *now])
    as_high = _ways(tuple(sorted(ranks)), len(now), sum(ranks[len(before) :]))
    return as_high / comb(len(ranks), len(now))


def _twice_ranks(values: Sequence[float]) -> list[int]:
    """Twice, because the mean of the ranks of equal values may end in a half."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0] * len(values)
    position = 0
    for _, equal in groupby(order, key=values.__getitem__):
        indices = list(equal)
        for index in indices:
            ranks[index] = 2 * position + len(indices) + 1
        position += len(indices)
    return ranks


@lru_cache(maxsize=256)
def _ways(ranks: tuple[int, ...], chosen: int, at_least: int) -> int:
    """How many choices of so many of the ranks add up to at least so much.

    `ways[n]` is a polynomial, the number of choices of n ranks with the sum s standing in its slot s.
    """
    ways = [1] + [0] * chosen
    for rank in ranks:
        for size in range(chosen, 0, -1):
            ways[size] += ways[size - 1] << (_SLOT * rank)
    high = ways[chosen] >> (_SLOT * at_least)
    total, mask = 0, (1 << _SLOT) - 1
    while high:
        total += high & mask
        high >>= _SLOT
    return total
