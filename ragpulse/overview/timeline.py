"""A component's states of the last hours as stretches, from points on a grid of times; a point without a state is one
of which nobody knew.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from ragpulse.overview.facts import ComponentState, Stretch

STATES: dict[float, ComponentState] = {1: "down", 2: "degraded", 3: "up"}


def timeline(times: Sequence[float], values: Mapping[float, float], begin: float | None) -> tuple[Stretch, ...]:
    """`values`: time → recorded state. `begin`: when the first data were recorded; nothing is said of before."""
    seen = times[bisect_left(times, begin) :] if begin is not None else ()
    if not seen:
        return ()
    starts: list[tuple[float, ComponentState]] = []
    before = None
    for time in seen:
        state = STATES.get(values.get(time, 0.0), "unknown")
        if state != before:
            starts.append((time, state))
            before = state
    ends = [*(time for time, _ in starts[1:]), seen[-1]]
    return tuple(Stretch(start, end, state) for (start, state), end in zip(starts, ends, strict=True))
