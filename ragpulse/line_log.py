"""Where do log lines go that cannot be written: a full disk, a pipe that nobody reads any more?

They are dropped, and the first line that can be written again tells how many. Whoever logs goes on.
"""

import logging
import os
import sys


def to_stderr() -> logging.Handler:
    """Without a standard error (closed by whoever started us) its number may be any file by now: nothing is said."""
    return LineLog(sys.stderr.fileno()) if sys.stderr else logging.NullHandler()


class LineLog(logging.Handler):
    """Whole lines, unbuffered: what a buffer keeps from a full disk comes out torn and late."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._dropped = 0
        self._torn = False

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{self.format(record)}\n"
        if self._dropped:
            text = f"{self.format(_lost(self._dropped))}\n{text}"
        data = ("\n" * self._torn + text).encode(errors="backslashreplace")
        try:
            written = os.write(self._descriptor, data)
        except OSError:
            self._dropped += 1
            return
        self._torn = written < len(data)
        self._dropped = int(self._torn)


def _lost(lines: int) -> logging.LogRecord:
    text = f'lines_dropped={lines} error="the log could not be written"'
    return logging.LogRecord(__name__, logging.ERROR, __file__, 0, text, None, None)
