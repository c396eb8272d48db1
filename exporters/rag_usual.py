"""Which stage of a walk was slow? The one that has slowed most against what it usually takes, else the longest.

An answer is generated in seconds and documents are found in milliseconds: by its time alone, it would always be the
chat. Usual is the mean of a stage's good walks, once some are known; from then on it follows them slowly. Seconds.
"""

from collections.abc import Mapping

FEW = 30  # walks before anything is usual
_FADE = 1 / 200  # how much a walk weighs then
_FLOOR = 0.1  # so that a few milliseconds more of a few milliseconds are nothing
_NOTICEABLE = 0.5


class Usual:
    def __init__(self) -> None:
        self._means: dict[str, float] = {}
        self._walks: dict[str, int] = {}

    def slowest(self, times: Mapping[str, float]) -> str:
        slowed = {stage: self._slowed(stage, seconds) for stage, seconds in times.items()}
        most = max(slowed, key=lambda stage: slowed[stage])
        return most if slowed[most] >= _NOTICEABLE else max(times, key=lambda stage: times[stage])

    def add(self, stage: str, seconds: float) -> None:
        """A good walk of it."""
        walks = self._walks[stage] = self._walks.get(stage, 0) + 1
        mean = self._means.get(stage, seconds)
        self._means[stage] = mean + (seconds - mean) * (1 / walks if walks <= FEW else _FADE)

    def _slowed(self, stage: str, seconds: float) -> float:
        """How much longer it took, as a share of the usual."""
        if self._walks.get(stage, 0) < FEW:
            return 0.0
        usual = self._means[stage]
        return (seconds - usual) / (usual + _FLOOR)
