"""The state file of a backup: read by anybody, written by one at a time, and always either the old one or the new one.

Writers take turns by a lock beside it (`<file>.lock`), which they hold for milliseconds. Errors: StateError with the
name of the file.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ragpulse import atomic
from ragpulse.borg.state import NewerError, State, StateError, parse

MAX_BYTES = 64 * 1024  # what is written has some 2 KiB
_PATIENCE = 10.0  # seconds; who holds the lock for so long has been stopped in between
_NAP = 0.02


def read(file: Path) -> State | None:
    """None as long as there is no such file: nothing was run yet."""
    try:
        content = _content(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StateError(f"{file}: {error.strerror}; the agent must be able to read it") from error
    try:
        return parse(content)
    except StateError as error:
        raise type(error)(f"{file}: {error}") from None


def known(file: Path) -> State:
    """What a writer goes on from: garbage is nothing, but what a newer version wrote must not be lost.

    Errors: NewerError.
    """
    try:
        return read(file) or State()
    except NewerError:
        raise
    except StateError:
        return State()


def update(file: Path, change: Callable[[State], State]) -> None:
    """Writes what `change` makes of the state."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _turn(file):
            atomic.sweep(file)
            atomic.write(file, change(known(file)).as_text())
    except OSError as error:
        raise StateError(f"{error.filename or file}: {error.strerror}; nothing is recorded") from error


def _content(file: Path) -> bytes:
    # A pipe in its place must not hold anybody up.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StateError(f"{file}: is not a file; name the one that borg-run writes")
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            content = opened.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        raise StateError(f"{file}: is larger than {MAX_BYTES} bytes, so borg-run did not write it")
    return content


@contextmanager
def _turn(file: Path) -> Iterator[None]:
    name = file.with_name(f"{file.name}.lock")
    until = time.monotonic() + _PATIENCE
    with os.fdopen(os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "rb") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno != errno.EWOULDBLOCK:
                    raise
                if time.monotonic() > until:
                    raise StateError(f"{name}: held by another program for {_PATIENCE:g} s; nothing recorded") from None
                time.sleep(_NAP)
            else:
                break
        yield
