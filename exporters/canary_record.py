"""What the last canaries of one service found, handed from the canary to whoever judges the service.

One writer, many readers, any thread. `at`: when the canary ended, seconds of the clock that readers use too.
"""

import threading
from dataclasses import dataclass

HOLDS = 2.5  # intervals of the canary for which a finding is good, as any reading


@dataclass(frozen=True, slots=True)
class Finding:
    """reason: why it failed (one of the canary's reasons), or empty when it was good."""

    at: float
    reason: str = ""

    @property
    def speaks_against(self) -> bool:
        """Whether the service could not do its work. A full one could, only not for everybody at once."""
        return self.reason not in ("", "saturated")


class CanaryRecord:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Finding | None = None

    def put(self, finding: Finding) -> None:
        with self._lock:
            self._last = finding

    def last(self, now: float, max_age: float) -> Finding | None:
        """The newest finding that is not older than `max_age` seconds; None when there is none."""
        with self._lock:
            last = self._last
        return last if last is not None and now - last.at <= max_age else None
