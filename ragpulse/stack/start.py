"""How does the supervisor come to live on after the command that started it?

It leads a session of its own, has no terminal, and logs to `logs/supervisor.log`.
"""

import os
import time

from ragpulse.errors import RagpulseError
from ragpulse.stack import log_file
from ragpulse.stack.identity import STATE_VARIABLE, Identity, started
from ragpulse.stack.state import State

_PATIENCE = 15.0  # seconds for an interpreter to start on a busy machine
_LOOK = 0.05


def start(state: State, python: str) -> Identity:
    """Starts the supervisor for the plan in `state`. Errors: RagpulseError with the last lines of its log."""
    log = state.log("supervisor")
    with log_file.opened(log) as opened:
        pid = os.posix_spawn(
            python,
            [python, "-m", "ragpulse.stack.supervise", "--state", str(state.folder)],
            {**os.environ, STATE_VARIABLE: str(state.folder)},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, opened.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, opened.fileno(), 2),
            ],
            setsid=True,
        )
    supervisor = _written_down(state, pid)
    if supervisor is None:
        words = log_file.last_lines(log, 5) or [f"(nothing: is there room for {log}?)"]
        raise RagpulseError("\n".join(["the supervisor did not start; its log ends with:", *words]))
    return supervisor


def _written_down(state: State, pid: int) -> Identity | None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        supervisor = state.supervisor()
        if supervisor is not None and supervisor.pid == pid:
            return supervisor
        if started(pid) is None:
            return None
        time.sleep(_LOOK)
    return None
