"""One call of Borg, to its end: its exit status, what it printed, and what it said.

Borg never waits for a person here unless its caller lets it have a terminal. Errors: BorgError when there is no Borg
to start, or when it did not end in time.
"""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ragpulse.borg.messages import Said
from ragpulse.errors import RagpulseError

_MOST_OUTPUT = 4 * 1024 * 1024
_FORWARDED = (signal.SIGTERM, signal.SIGHUP)
_SIGNALLED = 128


class BorgError(RagpulseError):
    """Borg could not be asked at all."""


@dataclass(frozen=True, slots=True)
class Ended:
    """exit_code: as a shell has it, 128 and its number for a signal. output: what it printed, when that was caught."""

    exit_code: int
    output: bytes
    said: Said


@dataclass(frozen=True, slots=True)
class Borg:
    """environment: on top of ours. folder: where it works."""

    program: str = "borg"
    environment: Mapping[str, str] | None = None
    folder: Path | None = None

    def ask(self, *arguments: str, within: float | None = None) -> Ended:
        """Without a terminal; its output is caught. `within`: seconds, then it and all that it started are killed."""
        with self._started(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            late = threading.Event()

            def cut() -> None:
                late.set()
                _kill_all(process)

            alarm = threading.Timer(within or threading.TIMEOUT_MAX, cut)
            alarm.daemon = True
            alarm.start()
            try:
                ended = _heard(process, frozenset(), _unheard)
            finally:
                alarm.cancel()
        if late.is_set():
            raise BorgError(f"borg {arguments[0]} did not end within {within:g} s")
        return ended

    def stand_in(self, *arguments: str, catch: bool, raw: bool, show: Callable[[str], None]) -> Ended:
        """As if it had been called in our place: with our input, our open files (one may hold the passphrase), and the
        signals that we get. `show` says its words, for people or as it writes them (`raw`).
        """
        stdout = subprocess.PIPE if catch else None
        with self._started(arguments, stdin=None, stdout=stdout, in_our_place=True) as process, _forwarded(process):
            return _heard(process, frozenset(arguments), show, raw=raw)

    @contextlib.contextmanager
    def _started(
        self, arguments: Sequence[str], *, stdin: int | None, stdout: int | None, in_our_place: bool = False
    ) -> Iterator[subprocess.Popen[bytes]]:
        try:
            process = subprocess.Popen(
                [self.program, *arguments],
                env={**os.environ, **(self.environment or {})},
                cwd=self.folder,
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                close_fds=not in_our_place,
                start_new_session=not in_our_place,
            )
        except OSError as error:
            raise BorgError(f"{self.program}: {error.strerror}; install BorgBackup, or name it by --borg") from None
        # Not `with process`, which would wait for a Borg of which nobody wants to hear any more.
        try:
            yield process
        except BaseException:
            _kill_all(process)
            raise
        finally:
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


def _heard(
    process: subprocess.Popen[bytes], named: frozenset[str], show: Callable[[str], None], *, raw: bool = False
) -> Ended:
    output: list[bytes] = []
    reader = threading.Thread(target=_catch, args=(process.stdout, output))
    reader.start()
    said = Said(named)
    for line in process.stderr or ():
        words = line.decode(errors="backslashreplace").rstrip("\n")
        for_people = said.hear(words)
        if raw or for_people is not None:
            show(words if raw else for_people or "")
    status = process.wait()
    reader.join()
    return Ended(status if status >= 0 else _SIGNALLED - status, b"".join(output), said)


def _unheard(_: str) -> None:
    """Nobody is there to read it."""


def _catch(stream: IO[bytes] | None, into: list[bytes]) -> None:
    if stream is None:
        return
    into.append(stream.read(_MOST_OUTPUT))
    while stream.read(_MOST_OUTPUT):
        pass


def _kill_all(process: subprocess.Popen[bytes]) -> None:
    """And all that it started, where it has a session of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


@contextlib.contextmanager
def _forwarded(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Borg tidies up when it is asked to end: so it must hear of it, and we wait for it.

    Ctrl-C reaches it from the terminal itself: a second one would keep it from tidying up.
    """
    before = {number: signal.signal(number, lambda got, _: process.send_signal(got)) for number in _FORWARDED}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
