"""`python -m ragpulse.stack.supervise --state DIR`: the process that outlives `up` and watches all others.

One at a time for a state folder (a lock says so). Exit status: 0 when it was told to end, 1 when another is there,
there is no plan, or its folder cannot be written.
"""

import argparse
import fcntl
import logging
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from ragpulse import line_log
from ragpulse.stack.identity import identify
from ragpulse.stack.state import State
from ragpulse.stack.supervisor import Supervisor

_log = logging.getLogger(__name__)


def main() -> int:
    parser = argparse.ArgumentParser(prog="ragpulse.stack.supervise", description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    state = State(parser.parse_args().state)
    os.chdir(state.folder)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=[line_log.to_stderr()])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end_before_the_begin)
    with ExitStack() as held:
        try:
            supervisor = _only_one(state, held)
        except OSError as error:
            _log.error("%s: %s", error.filename, error.strerror)
            return 1
        if supervisor is None:
            return 1
        supervisor.run()
    _log.info("ended")
    return 0


def _only_one(state: State, held: ExitStack) -> Supervisor | None:
    """Written down as the one that watches, its lock in `held`. None: the log says why. Errors: OSError."""
    plan, ourselves = state.plan(), identify(os.getpid())
    if plan is None or ourselves is None:
        _log.error("there is no plan to follow")
        return None
    lock = held.enter_context(state.supervisor_lock.open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _log.error("another supervisor is at work")
        return None
    state.write_supervisor(ourselves)
    return Supervisor(plan.processes, state)


def _end_before_the_begin(_number: int, _frame: FrameType | None) -> None:
    """Until the supervisor listens itself, nothing runs yet that it would have to end."""
    _log.info("ended")
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
