"""Which time is measured, and in which steps. Unix seconds by Prometheus's own clock."""

from dataclasses import dataclass
from math import ceil

from ragpulse.errors import RagpulseError
from ragpulse.units import human_duration, prometheus_duration

_MOST_STEPS = 2160  # six hours of scrapes every 10 s: Prometheus gives 11,000 at once, and a saved report stays small
_FEWEST_STEPS = 6


class WindowError(RagpulseError):
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Window:
    """`steps` of `step` seconds each, up to `end`."""

    end: float
    step: float
    steps: int

    @property
    def seconds(self) -> float:
        return self.step * self.steps

    @property
    def start(self) -> float:
        return self.end - self.seconds

    def index(self, time: float) -> int:
        """Of the point of the grid at `time`; the first is 0, the last `steps`."""
        return round((time - self.start) / self.step)


def window(end: float, seconds: float, scrape_interval: float) -> Window:
    """A step is a scrape, so that it holds one probe of a node or hardly more; of a long window it is several."""
    if seconds < _FEWEST_STEPS * scrape_interval:
        raise WindowError(
            f"--window {prometheus_duration(seconds)}: Prometheus scrapes every {human_duration(scrape_interval)}; "
            f"measure {prometheus_duration(_FEWEST_STEPS * scrape_interval)} at least"
        )
    step = scrape_interval * ceil(seconds / scrape_interval / _MOST_STEPS)
    return Window(round(end, 3), step, int(seconds / step + 1e-6))
