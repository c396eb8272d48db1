"""How does an agent end? At once and with a last line, before it serves too, and whatever hangs."""

import json
import logging
import os
import signal
import sys
import threading
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


def end_for_a_new_driver(node: str, grace: float) -> None:
    """Ends the process in `grace` seconds, as a signal would; until then its page tells why."""
    why = "the NVIDIA driver was replaced, and the library that this process has loaded does not fit the new one"
    _log.error("node=%s state=outlived error=%s", node, json.dumps(f"{why}; it ends in {grace:g} s"))
    timer = threading.Timer(grace, os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True
    timer.start()


def say(node: str) -> None:
    _log.info("node=%s state=ended", node)


def leave(status: int) -> NoReturn:
    """Ends the process now: the interpreter's own way out may wait for, or fall over, threads that hang."""
    with suppress(OSError, AttributeError):  # full, or closed by whoever started us
        sys.stdout.flush()
    os._exit(status)
