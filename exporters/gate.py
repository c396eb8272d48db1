"""Many may be inside at once; who must be alone waits until they have left, and holds newcomers off meanwhile.

A library that says of itself that many threads may call it says nothing of a shutdown in the midst of these calls.
Nobody waits for ever, for somebody inside may hang: after `patience` seconds a `BusyError` says so.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from exporters.source import SourceError

_PATIENCE = 0.5


class BusyError(SourceError):
    def __init__(self, patience: float) -> None:
        super().__init__(f"still in use after {patience:g} s: a call hangs")


class Gate:
    def __init__(self, patience: float = _PATIENCE) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        self._inside = 0
        self._is_shut = False
        self._here = threading.local()  # how often this thread went in: who is inside never waits to go in again

    def enter(self) -> None:
        """Errors: BusyError; otherwise `leave` must follow, in the same thread."""
        depth = getattr(self._here, "depth", 0)
        if not depth:
            self._go_in()
        self._here.depth = depth + 1

    def leave(self) -> None:
        self._here.depth -= 1
        if not self._here.depth:
            self._go_out()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._is_shut, self._patience):
                raise BusyError(self._patience)
            self._is_shut = True
            if not self._changed.wait_for(lambda: not self._inside, self._patience):
                self._open()
                raise BusyError(self._patience)
        try:
            yield
        finally:
            with self._changed:
                self._open()

    def _go_in(self) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._is_shut, self._patience):
                raise BusyError(self._patience)
            self._inside += 1

    def _go_out(self) -> None:
        with self._changed:
            self._inside -= 1
            if not self._inside:
                self._changed.notify_all()

    def _open(self) -> None:
        self._is_shut = False
        self._changed.notify_all()
