"""A driver that takes samples of a GPU's load into a buffer, as far as is known how drivers do, and who reads it.

Seconds of the machine's life; stamps in microseconds from `base`.
"""

import math
import random
from collections.abc import Sequence

from exporters.gpu_integrator import Integrator, Piece
from ragpulse.demo.gpu.load import Load

LATE = 5.0


class SamplingDriver:
    """Samples are taken each `period`, at `phase` in it, give or take `jitter` periods. A buffer keeps `depth` of them.

    `dry`: never, or `zeros`: idle samples are not kept, or `sleeps`: none are taken once a whole second was idle.
    `rounds`: values are whole percentages, as real ones are.
    """

    def __init__(
        self,
        phases: Sequence[tuple[float, float]],
        *,
        period: float = 1 / 6,
        phase: float = 0.0,
        depth: int = 100,
        dry: str = "never",
        jitter: float = 0.0,
        base: int = 0,
        rounds: bool = True,
    ) -> None:
        self.load = Load([{"seconds": seconds, "busy": busy} for seconds, busy in phases])
        self.period = period
        self.base = base
        self._phase = phase
        self._depth = depth
        self._dry = dry
        self._jitter = jitter
        self._rounds = rounds
        self._taken: list[tuple[int, float]] = []
        self._index = 0
        self._last = phase * period

    def samples(self, now: float, after: int) -> list[tuple[int, float]]:
        self._take(now)
        return [(stamp, value) for stamp, value in self._taken[-self._depth :] if stamp > after]

    def rate(self, now: float) -> float:
        """Of the last sample period, as NVML has it."""
        return self._value(now - self.period, now)

    def busy(self, start: float, end: float) -> float:
        """Busy seconds, as they were."""
        return (self.load.total("busy", end) - self.load.total("busy", start)) / 100

    def _take(self, now: float) -> None:
        while (at := self._moment(self._index + 1)) <= now:
            self._index += 1
            value = self._value(self._last, at)
            asleep = self._dry == "sleeps" and self.load.mean("busy", at - 1.0, at) == 0
            if not asleep and (value or self._dry != "zeros"):
                self._taken.append((self.base + round(at * 1e6), value))
            self._last = at

    def _moment(self, index: int) -> float:
        shift = random.Random(index).uniform(-self._jitter, self._jitter)  # noqa: S311 - no secret
        return (index + self._phase + shift) * self.period

    def _value(self, start: float, end: float) -> float:
        value = round(self.load.mean("busy", start, end), 6)  # sums of floats: idle is exactly 0
        return float(math.floor(value + 0.5)) if self._rounds else max(0.0, value)


class Watch:
    """Polls a driver through an integrator, from `begin` on. `busy` and `observed` in seconds."""

    def __init__(self, driver: SamplingDriver, begin: float = 50.0) -> None:
        self.driver = driver
        self.began = self.now = begin
        self.integrator = Integrator(begin, LATE)
        self.pieces: list[Piece] = []
        self.poll(0.0)

    @property
    def busy(self) -> float:
        return sum(piece.value * piece.seconds for piece in self.pieces) / 100

    @property
    def observed(self) -> float:
        return sum(piece.seconds for piece in self.pieces)

    @property
    def wall(self) -> float:
        return self.now - self.began

    @property
    def truly_busy(self) -> float:
        return self.driver.busy(self.began, self.now)

    def poll(self, after: float) -> list[Piece]:
        self.now += after
        found = self.driver.samples(self.now, self.integrator.last_seen)
        told = self.integrator.samples(self.now, found, self.driver.rate(self.now))
        self.pieces += told
        return told

    def fail(self, after: float) -> None:
        self.now += after
        self.integrator.failed(self.now)

    def run(self, seconds: float, every: float = 2.0, wobble: float = 0.0, seed: int = 0) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        end = self.now + seconds
        while self.now < end:
            self.poll(every + chance.uniform(-wobble, wobble))
