"""One process under supervision: started, ended, held, started again. Its clock is handed in with every step.

Each child leads a session and process group of its own, so that whatever it starts goes when it goes.
"""

import logging
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ragpulse.stack import log_file
from ragpulse.stack.backoff import Backoff
from ragpulse.stack.identity import STATE_VARIABLE, identify
from ragpulse.stack.process import Process
from ragpulse.stack.state import Condition, State, Status

GRACE = 5.0  # seconds between SIGTERM and SIGKILL
_CANNOT_START = 127  # as a shell says it

_log = logging.getLogger(__name__)


class Child:
    def __init__(self, process: Process, state: State) -> None:
        self.process = process
        self.status = Status(process.name, since=time.time())
        self._state = state
        self._popen: subprocess.Popen[bytes] | None = None
        self._backoff = Backoff()
        self._started_at = 0.0
        self._start_at = 0.0  # not before
        self._kill_at: float | None = None  # once it has been told to end

    @property
    def alive(self) -> bool:
        return self._popen is not None

    def step(self, now: float, *, wanted: bool) -> bool:
        """Brings the process where it belongs, as far as that goes without waiting. True when its status changed."""
        before = self.status
        self._notice_end(now)
        if self.alive:
            # Once told to end it is seen to its end, also when it is wanted again meanwhile: it would stay half dead.
            if not wanted or self._kill_at is not None:
                self._end(now)
        elif self.status.state != "done":
            if not wanted:
                self._become("held")
            elif self.status.state == "held" or now >= self._start_at:
                self._start(now)
        return self.status != before

    def _end(self, now: float) -> None:
        """SIGTERM at the first call, SIGKILL once the grace is over."""
        if self._kill_at is None:
            self._kill_at = now + GRACE
            self._signal_group(signal.SIGTERM)
        elif now >= self._kill_at:
            self._signal_group(signal.SIGKILL)

    def _start(self, now: float) -> None:
        restarts = self.status.restarts + (self.status.state == "backoff")
        self._started_at, self._kill_at = now, None
        try:
            with self._opened_log() as log:
                self._popen = subprocess.Popen(
                    self.process.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self._state.folder,
                    env={**os.environ, **self.process.environment, STATE_VARIABLE: str(self._state.folder)},
                    start_new_session=True,
                )
        except OSError as error:
            _log.error("%s cannot be started: %s", self.process.name, error)
            with suppress(OSError), log_file.opened(self._state.log(self.process.name)) as log:
                log.write(f"cannot be started: {error}\n".encode())
            self.status = replace(self.status, restarts=restarts)
            self._ended(now, _CANNOT_START)
            return
        _log.info("%s started, pid %d", self.process.name, self._popen.pid)
        self.status = replace(
            self.status,
            state="running",
            since=time.time(),
            identity=identify(self._popen.pid),
            restarts=restarts,
        )

    def _opened_log(self) -> BinaryIO:
        """A process without a log is better than none."""
        try:
            return log_file.opened(self._state.log(self.process.name))
        except OSError as error:
            _log.error("%s runs without a log: %s", self.process.name, error)
            return Path(os.devnull).open("ab", buffering=0)

    def _notice_end(self, now: float) -> None:
        if self._popen is None:
            return
        if os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return
        # Not reaped yet, so its number is still its own: what it started and left behind goes with it.
        self._signal_group(signal.SIGKILL)
        exit_code = self._popen.wait()
        self._popen = None
        _log.info("%s ended with %d", self.process.name, exit_code)
        self._ended(now, exit_code)

    def _ended(self, now: float, exit_code: int) -> None:
        self.status = replace(self.status, exit_code=exit_code)
        if self.process.task and exit_code == 0:
            self._become("done")
        elif self._kill_at is not None:
            self._start_at = now
            self._become("starting")
        else:
            self._start_at = now + self._backoff.after(now - self._started_at)
            self._become("backoff")

    def _become(self, condition: Condition) -> None:
        if self.status.state != condition:
            self.status = replace(self.status, state=condition, since=time.time(), identity=None)

    def _signal_group(self, number: signal.Signals) -> None:
        assert self._popen is not None  # noqa: S101 - both callers have looked
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, number)
