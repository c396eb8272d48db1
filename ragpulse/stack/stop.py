"""How does everything of one stack end, also when its supervisor died first?

The supervisor is asked and ends its children in order. Whatever is left is found by the environment variable that each
process of the stack carries. No process is ever found by its name.
"""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress

from ragpulse.errors import RagpulseError
from ragpulse.stack.child import GRACE
from ragpulse.stack.identity import Identity, members
from ragpulse.stack.state import State

_SUPERVISOR_PATIENCE = GRACE + 3  # seconds: it kills after its grace, then has only to write that down
_ROUNDS = 3  # a process that was just being started when its supervisor ended shows up in the second
_LOOK = 0.05


def supervisor_of(state: State) -> Identity | None:
    """The live supervisor of this very folder."""
    supervisor = state.supervisor()
    return supervisor if supervisor and supervisor.belongs_to(state.folder) else None


def stop(state: State) -> int:
    """How many processes were ended. Errors: RagpulseError when one of ours cannot be ended, or a file not removed."""
    count = len(members(state.folder))
    if supervisor := supervisor_of(state):
        _signal(supervisor, signal.SIGTERM)
        _wait([supervisor], _SUPERVISOR_PATIENCE)
    for _ in range(_ROUNDS):
        if not (left := members(state.folder)):
            break
        _end(left)
    if left := members(state.folder):
        pids = ", ".join(str(identity.pid) for identity in left)
        raise RagpulseError(f"{state.folder}: these processes of ours cannot be ended: {pids}")
    try:
        state.forget_run()
    except OSError as error:
        raise RagpulseError(
            f"all processes are stopped, but {error.filename} cannot be removed: {error.strerror}; remove it by hand"
        ) from error
    return count


def _end(identities: list[Identity]) -> None:
    for identity in identities:
        _signal(identity, signal.SIGTERM)
    for identity in _wait(identities, GRACE):
        _signal(identity, signal.SIGKILL)
    _wait(identities, GRACE)


def _signal(identity: Identity, number: signal.Signals) -> None:
    """Through a pidfd: between the look and the signal the number cannot pass to another process."""
    with suppress(ProcessLookupError, PermissionError):
        descriptor = os.pidfd_open(identity.pid)
        try:
            if identity.alive():
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)


def _wait(identities: Iterable[Identity], seconds: float) -> list[Identity]:
    """Those that still live when the time is over."""
    end = time.monotonic() + seconds
    left = list(identities)
    while left and time.monotonic() < end:
        time.sleep(_LOOK)
        left = [identity for identity in left if identity.alive()]
    return left
