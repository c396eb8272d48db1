"""What was a value over every second that has passed, told from a driver's buffer of samples?

A sample says what the value was since the sample before it. Stamps are opaque: microseconds since boot on some
drivers, since the epoch on others; only their differences mean anything, and a clock that is set makes even these
nonsense. Three kinds of time are kept apart, and together they are the wall time:

- sampled: between two samples that follow each other;
- dry: the buffer had nothing new although NVML was well: it runs dry while a GPU is idle, so a hole between two samples
  is idle time. A poll that finds nothing counts the rate of the moment, but no more than that of the poll before, and
  nothing when that one found samples: work that has just begun or ended stands in the rate, and will in the buffer;
- gap: NVML could not be read, or was read too late for what the buffer holds.

Seconds, but for stamps. Errors: none; what makes no sense (stamps out of order or twice) is left out.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from exporters.gpu_sample_period import SamplePeriod

_MICROSECONDS = 1e6
_SAME = 0.002  # seconds; two samples that are no further apart are one, given twice
# Periods; a longer step holds time without samples. Above what jitter makes of one, below what two can shrink to.
_HOLE = 1.75
_CONTRADICTIONS = 3  # polls that find a busy GPU and no samples, until we doubt where the driver was told to go on
_LAGGING = 10  # polls that all leave time untold, until it is clear that no sample will ever tell it


@dataclass(frozen=True, slots=True)
class Piece:
    """The value was `value` for `seconds`."""

    value: float
    seconds: float


class Integrator:
    """`now` counts lived seconds (a clock that stands still while the machine sleeps). `late`: a poll that comes more
    seconds after the one before it finds a buffer that has lost what was between them. `idle`: the value in a hole;
    None for a buffer that does not run dry, where it is the rate of the moment.
    """

    def __init__(self, now: float, late: float, idle: float | None = 0.0) -> None:
        self.gap = 0.0
        self.depth = 0.0  # seconds that the buffer was seen to hold at most
        self._late = late
        self._idle = idle
        self._newest = 0
        self._contradictions = 0
        self._polled = now
        self._told_until = now
        self._period = SamplePeriod(sleeps=idle is not None)
        self._dry_rate: float | None = None  # the most that the next poll counts when it finds nothing; None: no limit
        self._follows = False  # whether the next sample continues the last one seen
        self._lags: deque[float] = deque(maxlen=_LAGGING)  # what polls with samples left untold

    @property
    def last_seen(self) -> int:
        """What the driver is asked to go on from: 0, for all that it has, once its clock may have been set back."""
        return 0 if self._contradictions >= _CONTRADICTIONS else self._newest

    def failed(self, now: float) -> None:
        """NVML could not be read: all that has not been told yet is a gap."""
        self.gap += max(0.0, now - self._told_until)
        self.skip(now)

    def skip(self, now: float) -> None:
        """There is no value, and that is no failure: nothing is told of what has passed."""
        self._told_until = max(now, self._told_until)
        self._polled = now
        self._follows = False
        self._dry_rate = None
        self._lags.clear()

    def failed_if_late(self, now: float) -> None:
        """A poll hangs: once it is too late for the buffer, what has passed will never be known."""
        if now - self._polled > self._late:
            self.failed(now)

    def point(self, now: float, rate: float | None) -> list[Piece]:
        """A card without a buffer: the rate, the mean of a second or less, stands for all since the poll before."""
        return self._passed(now, rate)

    def samples(self, now: float, found: Iterable[tuple[int, float]], rate: float | None) -> list[Piece]:
        """`found`: (stamp, value), as the driver gave them. `rate`: that of the moment; with neither it is a gap."""
        given = dict(found)
        fresh = sorted((stamp, value) for stamp, value in given.items() if stamp > self._newest)
        if not fresh:
            return self._dry(now, max(given, default=self._newest), rate)
        self._contradictions = 0
        steps = self._steps(fresh)
        self._newest = fresh[-1][0]
        self.depth = max(self.depth, len(fresh) * self._period.seconds)
        pieces, holes = self._sampled(steps)
        untold = max(0.0, now - self._told_until)
        is_late = now - self._polled > self._late
        self._polled, self._dry_rate, self._follows = now, self._idle, True
        if is_late:
            return self._after_a_late_poll(pieces, untold)
        return self._within(pieces, holes, untold, rate if self._idle is None else self._idle)

    def _dry(self, now: float, newest: int, rate: float | None) -> list[Piece]:
        if newest < self._newest:
            self._newest, self._follows = newest, False  # the driver's clock was set back
        self._contradictions = self._contradictions + 1 if rate else 0
        limit, self._dry_rate = self._dry_rate, None if self._idle is None else rate
        return self._passed(now, rate if rate is None or limit is None else min(rate, limit))

    def _passed(self, now: float, value: float | None) -> list[Piece]:
        """`value` for all time since what was told last."""
        if value is None or now - self._polled > self._late:
            self.failed(now)
            return []
        untold = max(0.0, now - self._told_until)
        self._told_until = max(now, self._told_until)
        self._polled = now
        self._lags.clear()
        return [Piece(value, untold)] if untold else []

    def _steps(self, fresh: list[tuple[int, float]]) -> list[Piece]:
        """Each sample with the time since the one before it, of the first what is known of it."""
        steps: list[Piece] = []
        last: int | None = self._newest if self._follows else None
        for stamp, value in fresh:
            seconds = None if last is None else (stamp - last) / _MICROSECONDS
            if seconds is not None and seconds <= _SAME:
                continue
            if seconds is not None:
                self._period.learn(seconds, value)
            steps.append(Piece(value, self._period.seconds if seconds is None else seconds))
            last = stamp
        return steps

    def _sampled(self, steps: list[Piece]) -> tuple[list[Piece], float]:
        """A piece for each sample, and the seconds of the holes between them."""
        period = self._period.seconds
        holes = 0.0
        pieces: list[Piece] = []
        for step in steps:
            if step.seconds <= _HOLE * period:
                pieces.append(step)
            else:
                pieces.append(Piece(step.value, period))
                holes += step.seconds - period
        return pieces, holes

    def _within(self, pieces: list[Piece], holes: float, untold: float, in_a_hole: float | None) -> list[Piece]:
        """Never more than the time that has passed; a hole is told as dry time as far as no earlier poll told it."""
        if sum(piece.seconds for piece in pieces) > untold + self._period.seconds:
            pieces = _newest(pieces, untold)
        told = sum(piece.seconds for piece in pieces)
        hole = min(holes, max(0.0, untold - told))
        self._told_until += told + hole
        if holes:
            self._lags.clear()
        else:
            self._give_up_what_lags(untold - told)
        return [*pieces, Piece(in_a_hole, hole)] if hole and in_a_hole is not None else pieces

    def _give_up_what_lags(self, lag: float) -> None:
        """Time since the newest sample is told by the next poll; but the stamps of a clock that was set back a little,
        or that is slow, leave behind what they never make up for. Without holes, that is clear after a while.
        """
        self._lags.append(lag)
        least = min(self._lags)
        if len(self._lags) == _LAGGING and least > 2 * self._period.seconds:
            self.gap += least
            self._told_until += least
            self._lags.clear()

    def _after_a_late_poll(self, pieces: list[Piece], untold: float) -> list[Piece]:
        """What the buffer still holds is the newest part; what came before it is lost."""
        pieces = _newest(pieces, untold)
        told = sum(piece.seconds for piece in pieces)
        self.gap += max(0.0, untold - told)
        self._told_until += max(untold, told)
        return pieces


def _newest(pieces: list[Piece], seconds: float) -> list[Piece]:
    """The last `seconds` of them; what is older was told before, as a gap or as dry time."""
    kept: list[Piece] = []
    left = seconds
    for piece in reversed(pieces):
        if left <= 0.0:
            break
        kept.append(Piece(piece.value, min(piece.seconds, left)))
        left -= piece.seconds
    return kept[::-1]
