"""A folder to restore into, which goes away whatever happens, and with it every process that was started meanwhile.

What a killed process left is removed by the next one.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

_PREFIX = "ragpulse-verify-"
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class EndedError(Exception):
    """Somebody asked us to end; `number` is the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def scratch(within: Path | None) -> Iterator[Path]:
    """Errors: OSError when there is no room for it; EndedError for a signal, once the folder is gone."""
    parent = Path(within or tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            _remove(left)
    others = _children()
    before = {number: signal.signal(number, _end) for number in _ENDING}
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        # A signal may come while a child is started, so that nobody else knows it; nothing may write there any more.
        for child in _children() - others:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        _remove(folder)
        for number, handler in before.items():
            signal.signal(number, handler)


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _end(number: int, _: FrameType | None) -> None:
    raise EndedError(number)


def _remove(folder: Path) -> None:
    """Also where what was restored may not be changed, not even by its owner."""
    for root, folders, _ in os.walk(folder):
        for name in folders:
            if not (path := Path(root, name)).is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder)
