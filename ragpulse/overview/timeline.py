"""A component's states of the last hours as stretches, from points on a grid of times; a point without a state is one
of which nobody knew.
"""

import itertools
from collections.abc import Mapping, Sequence

from ragpulse.overview.facts import ComponentState, Stretch

STATES: dict[float, ComponentState] = {1: "down", 2: "degraded", 3: "up"}


def timeline(times: Sequence[float], values: Mapping[float, float], begin: float | None) -> tuple[Stretch, ...]:
    """`values`: time → recorded state. `begin`: when the first data were recorded; nothing is said of before."""
    seen = [time for time in times if begin is not None and time >= begin]
    if not seen:
        return ()
    runs = [
        (state, [time for time, _ in run])
        for state, run in itertools.groupby(
            ((time, STATES.get(values.get(time, 0.0), "unknown")) for time in seen), key=lambda found: found[1]
        )
    ]
    ends = [run[0] for _, run in runs[1:]] + [seen[-1]]
    return tuple(Stretch(run[0], end, state) for (state, run), end in zip(runs, ends, strict=True))
