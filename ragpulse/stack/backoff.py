"""How long does a process that keeps ending have to wait for its next start?"""

_FIRST = 1.0  # seconds
_LONGEST = 30.0
_GOOD_LIFE = 60.0  # seconds after which earlier ends are forgiven


class Backoff:
    """1 s, then twice as long each time up to 30 s; from the beginning again after 60 s of life."""

    def __init__(self) -> None:
        self._next = _FIRST

    def after(self, lived: float) -> float:
        """Seconds to wait after an end; `lived` is how many seconds the process ran."""
        if lived >= _GOOD_LIFE:
            self._next = _FIRST
        delay, self._next = self._next, min(2 * self._next, _LONGEST)
        return delay
