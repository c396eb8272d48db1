"""What the stand-in can be made to do wrong, as real servers were seen to.

hang: no step ends any more and the figures stand still; `/health`, `/v1/models` and `/metrics` answer as ever.
saturate: one slot and long steps, so that the queue of a few users never empties. slow: long steps. stream_error: the
engine fails after the first token, an error event inside HTTP 200. reject: whoever would have to wait is refused (503).
some_errors, many_errors: every twentieth, every fourth request is answered with 500.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path


class Fault(StrEnum):
    HANG = "hang"
    SATURATE = "saturate"
    SLOW = "slow"
    STREAM_ERROR = "stream_error"
    REJECT = "reject"
    SOME_ERRORS = "some_errors"
    MANY_ERRORS = "many_errors"


Told = Callable[[], Fault | None]


def none() -> None:
    return None


def told_by(file: Path) -> Told:
    """`file` holds the name of a fault; without it, or with another word in it, all is well."""

    def told() -> Fault | None:
        try:
            word = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return next((fault for fault in Fault if fault == word), None)

    return told
