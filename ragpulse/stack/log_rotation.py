"""How do logs stay small while what writes them runs on for months? Looked at each minute, shortened when large.

At most `limit` bytes and a minute of output, and as much again put aside, for each process.
"""

import logging
from pathlib import Path

from ragpulse.stack import log_file

_EVERY = 60.0  # seconds

_log = logging.getLogger(__name__)


class LogRotation:
    """Its clock is handed in with every step."""

    def __init__(self, folder: Path, limit: int = log_file.LARGE, every: float = _EVERY) -> None:
        self._folder = folder
        self._limit = limit
        self._every = every
        self._next = 0.0

    def step(self, now: float) -> None:
        if now < self._next:
            return
        self._next = now + self._every
        for file in sorted(self._folder.glob("*.log")):
            try:
                if log_file.shorten(file, self._limit):
                    _log.info("%s was large: put aside", file.name)
            except OSError as error:
                # Tried again in a minute; the watch goes on.
                _log.error("%s cannot be put aside: %s", file.name, error)
