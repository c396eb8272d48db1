"""A counter of the driver's as one that never goes back and never leaps, whatever the driver does to its own.

It starts at the driver's value, so that it goes on where it stood when the agent starts anew. A driver that is
reloaded counts from 0 again, a counter of 32 bits goes round, and single readings were seen that make no sense.
"""

import math


class DriverCounter:
    """`round_at`: the number at which the driver's counter may start at 0 again. Only from its upper half: from its
    lower one, it was rather reset.
    """

    def __init__(self, round_at: int | None = None) -> None:
        self.total: float | None = None
        self._round_at = round_at
        self._last: float | None = None
        self._doubted: float | None = None

    def told(self, value: float, at_most: float = math.inf) -> float | None:
        """The driver says `value`; what was counted for it. `at_most`: what can have come since the value before.

        None for the first value, and for a step that cannot be: that one is believed, as a new start, when the next
        value goes on from it, and costs what was counted between.
        """
        if self._last is None:
            self._last = value
            if self.total is None:
                self.total = value
            return None
        step = self._step(self._last, value, at_most)
        if step is None and self._doubted is not None:
            step = self._step(self._doubted, value, at_most)
        if step is None:
            self._doubted = value
            return None
        self._last, self._doubted = value, None
        self.add(step)
        return step

    def add(self, amount: float) -> None:
        """Counted by ourselves, while the driver does not count."""
        self.total = (self.total or 0.0) + amount

    def forget(self) -> None:
        """The driver's next value is where it starts, whatever it counted meanwhile."""
        self._last = self._doubted = None

    def _step(self, before: float, value: float, at_most: float) -> float | None:
        step = value - before
        if step < 0 and self._round_at is not None and self._round_at / 2 <= before < self._round_at:
            step += self._round_at
        return step if 0 <= step <= at_most else None
