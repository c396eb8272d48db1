"""One run of one fault: from silence through the fault to silence again, and all that was told meanwhile.

Times are counted from before the fault is made to when the receiver was told. What was told is counted until all is
silent again, and as much longer as is asked for. Errors: RagpulseError where silence does not come.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from ragpulse.drill.cluster import STEP
from ragpulse.drill.fault import Fault
from ragpulse.drill.heard import counted, not_over
from ragpulse.drill.rig import Rig
from ragpulse.errors import RagpulseError

# In steps: one of a chain of failures may be told later than its root; the ends of alerts are told once in 6.
_BROKEN_FOR, _ENDS_TOLD_WITHIN = 9, 9
_SILENT_WITHIN = 600.0  # seconds; a ticket about a target looks at five minutes, whatever the interval
_LOOK = 0.25  # seconds


@dataclass(frozen=True, slots=True)
class Run:
    """seconds: until somebody was told of what should be told; None: nobody was. heard: alert → how often it was told.

    pages, notifications: deliveries that ask somebody to act. load: average of the machine, the highest seen.
    """

    seconds: float | None
    heard: dict[str, int]
    pages: int
    notifications: int
    watched: float
    load: float


Tell = Callable[[str], None]


def run(rig: Rig, fault: Fault, watch_after: float, tell: Tell) -> Run:
    watch = _Watch(rig, fault.alert, tell)
    watch.silence(f"before {fault.name}")
    began = time.time()
    patience = fault.within * (rig.step / STEP if fault.alert is None else 1)
    with fault.broken(rig):
        tell(f"{fault.name}: {fault.what}")
        if fault.alert is None:
            watch.rest(patience)
        else:
            watch.until(lambda: watch.first(began) is not None, patience)
            watch.rest(began + _BROKEN_FOR * rig.step - time.time())
    healed = time.time()
    tell(f"{fault.name}: mended")
    watch.silence(f"after {fault.name}", since=began)
    watch.rest(healed + watch_after - time.time())
    told = rig.ears.since(began)
    return Run(
        seconds=watch.first(began),
        heard=dict(counted(told)),
        pages=sum(delivery.is_page for delivery in told),
        notifications=sum(bool(delivery.firing) for delivery in told),
        watched=time.time() - healed,
        load=watch.load,
    )


class _Watch:
    """Waits, and looks at how busy the machine is meanwhile."""

    def __init__(self, rig: Rig, alert: str | None, tell: Tell) -> None:
        self._rig = rig
        self._alert = alert
        self._tell = tell
        self._last = ""
        self.load = 0.0

    def first(self, began: float) -> float | None:
        """Seconds until the alert was first told."""
        times = (delivery.at - began for delivery in self._rig.ears.since(began) if self._alert in delivery.firing)
        return next(times, None)

    def silence(self, when: str, since: float | None = None) -> None:
        """Nothing speaks against it, and the end of all that was told is told: or will not be, being held back."""
        steps = _ENDS_TOLD_WITHIN * self._rig.step
        quiet_since: float | None = None
        reasons: list[str] = []

        def is_silent() -> bool:
            nonlocal quiet_since, reasons
            reasons = self._rig.loud(self._alert, afresh=since is None)
            if reasons:
                self._say(f"{when}: {reasons[0]}")
                quiet_since = None
                return False
            quiet_since = quiet_since or time.time()
            told = self._rig.ears.since(since if since is not None else quiet_since)
            return not not_over(told, self._alert) or time.time() - quiet_since > steps

        if not self.until(is_silent, _SILENT_WITHIN):
            raise RagpulseError(f"{when}: no silence comes: {'; '.join(reasons) or 'its alerts are not resolved'}")

    def _say(self, text: str) -> None:
        if text != self._last:
            self._tell(text)
        self._last = text

    def rest(self, seconds: float) -> None:
        self.until(lambda: False, seconds)

    def until(self, truth: Callable[[], bool], seconds: float) -> bool:
        """Whether it came true in time."""
        end = time.monotonic() + seconds
        while not truth():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.load = max(self.load, os.getloadavg()[0])
            time.sleep(min(_LOOK, left))
        return True
