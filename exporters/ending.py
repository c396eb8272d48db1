"""How does an agent end? At once and with a last line, before it serves too, and whatever hangs."""

import logging
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

_log = logging.getLogger(__name__)
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def end_at_once(node: str) -> None:
    """From here on, until whoever serves listens to the signals itself: nothing runs yet that has to be ended."""

    def end(*_: object) -> NoReturn:
        say(node)
        leave(0)

    for number in SIGNALS:
        signal.signal(number, end)


def say(node: str) -> None:
    _log.info("node=%s state=ended", node)


def leave(status: int) -> NoReturn:
    """Ends the process now: the interpreter's own way out may wait for, or fall over, threads that hang."""
    with suppress(OSError, AttributeError):  # full, or closed by whoever started us
        sys.stdout.flush()
    os._exit(status)
