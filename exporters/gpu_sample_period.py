"""How far apart does a driver take its samples? Learned from their stamps, for NVML does not say.

1/6 s to 1 s by product, says NVML; 20 ms was seen for power. The difficulty is a buffer that runs dry while a GPU is
idle, where a step between two samples can be any number of periods. There a step that is longer than usual counts only
if the driver cannot have slept in it, for it recorded an idle time or a full one, or when nothing else came for long.
Seconds; values in percent.
"""

from collections import deque
from statistics import median

_USUAL = 1 / 6
_LONG = 1.3 * _USUAL
_LONGEST = 1.25
_FULL = 99.0
_FEWEST, _ENOUGH = 3, 15  # steps whose median is a first guess, and a finding
_MANY = 1800


class SamplePeriod:
    """The shortest finding stands: the period belongs to card and driver, and idle time only lengthens steps.

    `sleeps`: whether the buffer may run dry at idle; where it does not, every step is a period.
    """

    def __init__(self, *, sleeps: bool) -> None:
        self.seconds = _USUAL
        self._sleeps = sleeps
        self._steps: deque[float] = deque(maxlen=_ENOUGH)
        self._doubtful = 0
        self._is_settled = False

    def learn(self, step: float, value: float) -> None:
        """`value`: what the sample at the end of the step says."""
        if step > _LONGEST or (self._sleeps and step > _LONG and 0.0 < value < _FULL and self._is_doubtful()):
            return
        self._steps.append(step)
        if self._is_settled:
            self.seconds = min(self.seconds, median(self._steps))
        elif len(self._steps) >= _FEWEST:
            self.seconds = median(self._steps)
            self._is_settled = len(self._steps) == _ENOUGH

    def _is_doubtful(self) -> bool:
        self._doubtful += 1
        return self._is_settled or self._doubtful < _MANY
