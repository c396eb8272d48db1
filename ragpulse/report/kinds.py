"""What is measured for a baseline: each a share of two sums, with which direction is worse and what is worth telling.

`relevant`: a smaller change is none, whatever chance says of it; half of what must be seen, so that neither a planted
change is missed nor a small drift told. `must_see`: a comparison that could not have seen so much tells nothing.
Both are relative (0.15 = 15 %) where `relative` is set, else differences.
"""

from dataclasses import dataclass
from typing import Literal

KindName = Literal["latency", "answered", "in_time", "throughput", "recall", "busy"]


@dataclass(frozen=True, slots=True)
class Kind:
    """amount / of, in `unit`. worse: 1 when more is worse, -1 when less is, 0 when it is a fact and no fault."""

    amount: str
    of: str
    unit: Literal["s", "ratio", "tokens/s"]
    worse: Literal[-1, 0, 1]
    relative: bool
    relevant: float
    must_see: float


KINDS: dict[KindName, Kind] = {
    "latency": Kind("seconds", "answers", "s", 1, relative=True, relevant=0.075, must_see=0.15),
    "answered": Kind("answered requests", "requests", "ratio", -1, relative=False, relevant=0.01, must_see=0.05),
    "in_time": Kind("requests within target", "requests", "ratio", -1, relative=False, relevant=0.01, must_see=0.05),
    "throughput": Kind("tokens", "demand seconds", "tokens/s", -1, relative=True, relevant=0.075, must_see=0.15),
    "recall": Kind("recall", "readings", "ratio", -1, relative=False, relevant=0.005, must_see=0.02),
    "busy": Kind("busy seconds", "observed seconds", "ratio", 0, relative=False, relevant=0.01, must_see=0.05),
}
