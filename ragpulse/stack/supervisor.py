"""Starts the processes of a plan, keeps them running, keeps those stopped that are held, and writes down how they are.

It sleeps until a child ends or a signal comes, and looks for held processes five times a second. It keeps logs small.
"""

import logging
import os
import select
import signal
import time
from types import FrameType

from ragpulse.stack.child import Child
from ragpulse.stack.log_rotation import LogRotation
from ragpulse.stack.process import Process
from ragpulse.stack.state import State

_LOOK = 0.2  # seconds between two looks at what is held

_log = logging.getLogger(__name__)


class Supervisor:
    def __init__(self, processes: tuple[Process, ...], state: State, logs: LogRotation | None = None) -> None:
        self._children = [Child(process, state) for process in processes]
        self._state = state
        self._logs = logs or LogRotation(state.logs)
        self._ending = False
        self._held: set[str] = set()
        self._written = True
        self._folder_read = True

    def run(self) -> None:
        """Until SIGTERM or SIGINT; then ends all children and returns. Only for the main thread."""
        awake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _only_wake)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGHUP, _only_wake)  # whoever started us may hang up; there is nothing to read anew
        self._write_down()
        while not self._ending:
            self._look_after(self._wanted_held())
            if not self._written:
                self._write_down()
            self._logs.step(time.monotonic())
            _sleep(awake)
        self._end_all(awake)

    def _wanted_held(self) -> set[str]:
        """As last seen while the folder cannot be read: nothing is started or ended for that."""
        try:
            self._held = self._state.held()
        except OSError as error:
            if self._folder_read:
                _log.error("what is held cannot be read: %s", error)
            self._folder_read = False
        else:
            self._folder_read = True
        return self._held

    def _look_after(self, held: set[str]) -> None:
        for child in self._children:
            if self._ending:
                return
            if child.step(time.monotonic(), wanted=child.process.name not in held):
                # At once: whoever comes after a sudden end of ours must find this child.
                self._write_down()

    def _end_all(self, awake: int) -> None:
        _log.info("ending all")
        children = list(reversed(self._children))
        while True:
            changed = [child.step(time.monotonic(), wanted=False) for child in children]
            if any(changed):
                self._write_down()
            if not any(child.alive for child in children):
                return
            _sleep(awake)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True

    def _write_down(self) -> None:
        try:
            self._state.write_statuses(tuple(child.status for child in self._children))
        except OSError as error:
            # A full disk must not end the watch; the children are found by their environment all the same.
            if self._written:
                _log.error("processes.json cannot be written, tried again until it can: %s", error)
            self._written = False
        else:
            self._written = True


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """A signal without a handler would not wake the select."""


def _sleep(awake: int) -> None:
    if select.select([awake], [], [], _LOOK)[0]:
        os.read(awake, 4096)
