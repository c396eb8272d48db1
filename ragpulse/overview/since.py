"""Since when is a state what it is? Read from points on a grid of times: fine for the last minutes, coarse before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ragpulse.overview.facts import Since

LOOK_BACK = 6 * 3600.0
COARSE_STEP = 60.0
FINE_SPAN = 600.0


@dataclass(frozen=True, slots=True)
class Span:
    """What to ask Prometheus for: `end` is a point of the grid."""

    start: float
    end: float
    step: float

    def times(self) -> list[float]:
        """The points of the grid, as Prometheus gives them back: in milliseconds."""
        count = round((self.end - self.start) / self.step)
        return [round(self.start + index * self.step, 3) for index in range(count + 1)]


def spans(now: float, interval: float) -> tuple[Span, Span]:
    """The coarse grid, then the fine one, which ends now; no point stands in both."""
    end = round(now, 3)
    steps = max(1, round(FINE_SPAN / interval))
    begin_fine = round(end - steps * interval, 3)
    coarse = round(LOOK_BACK / COARSE_STEP)
    return (
        Span(round(begin_fine - coarse * COARSE_STEP, 3), round(begin_fine - COARSE_STEP, 3), COARSE_STEP),
        Span(begin_fine, end, interval),
    )


def since(times: Sequence[float], values: Mapping[float, float], state: float | None, begin: float | None) -> Since:
    """`values`: time → value, absent where there was none. `begin`: when the first data were recorded, if known.

    Without an answer (nothing recorded, or the last point is not of this state) both fields stay None.
    """
    now = times[-1]
    first: float | None = None
    for time in reversed(times):
        if begin is None or time < begin:
            break
        if values.get(time) != state:
            return Since(at=first)
        first = time
    if first is None or begin is None:
        return Since()
    return Since(at_least=now - max(begin, times[0]))
