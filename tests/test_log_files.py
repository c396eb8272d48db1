"""Logs stay small: put aside at the next start, and shortened while their process runs on."""

import os
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from ragpulse.stack import log_file
from ragpulse.stack.identity import STATE_VARIABLE
from ragpulse.stack.log_rotation import LogRotation
from ragpulse.stack.state import State
from ragpulse.stack.stop import stop
from tests.fakes.running import until

_CHATTY = "import itertools, time\nfor n in itertools.count(): print(f'line {n:06}', flush=True); time.sleep(0.001)"
_SUPERVISOR = """
import sys
from pathlib import Path
from ragpulse.stack.log_rotation import LogRotation
from ragpulse.stack.process import Process
from ragpulse.stack.state import State
from ragpulse.stack.supervisor import Supervisor
state = State(Path(sys.argv[1]))
chatty = Process("chatty", (sys.executable, "-c", sys.argv[2]), "says much")
Supervisor((chatty,), state, LogRotation(state.logs, limit=1000, every=0.1)).run()
"""


def test_a_large_log_is_put_aside_at_the_next_start(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "one.log"
    with log_file.opened(log) as file:
        file.truncate(10 * 1024 * 1024)
    with log_file.opened(log) as file:
        file.write(b"appended")
    assert not log.with_name("one.log.1").exists(), "10 MB is not more than 10 MB"
    with log_file.opened(log) as file:
        file.write(b"new\n")
    assert log.read_bytes() == b"new\n"
    assert log.with_name("one.log.1").stat().st_size == 10 * 1024 * 1024 + len("appended")


def test_a_log_is_shortened_under_its_writer_and_its_newest_part_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    earlier = log.with_name("one.log.1")
    earlier.write_text("of an earlier time")
    with log_file.opened(log) as writer:
        writer.write(b"0123456789")
        assert not log_file.shorten(log, 10), "10 bytes are not more than 10 bytes"
        writer.write(b"abc")
        assert log_file.shorten(log, 10)
        assert earlier.read_bytes() == b"3456789abc"
        writer.write(b"next\n")
    assert log.read_bytes() == b"next\n", "no hole before it: who appends goes to the new end"


def test_a_log_that_does_not_exist_is_not_large(tmp_path: Path) -> None:
    assert not log_file.shorten(tmp_path / "none.log", 10)


def test_logs_are_looked_at_once_a_minute(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    rotation = LogRotation(tmp_path, limit=10)
    rotation.step(1000.0)
    log.write_text("more than ten bytes")
    rotation.step(1059.9)
    assert log.stat().st_size > 10
    rotation.step(1060.0)
    assert log.stat().st_size == 0


def test_a_log_that_cannot_be_put_aside_keeps_no_other_from_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("first.log", "second.log"):
        (tmp_path / name).write_text("more than ten bytes")
    (tmp_path / "first.log.1").mkdir()
    LogRotation(tmp_path, limit=10).step(0.0)
    assert "first.log cannot be put aside" in caplog.text
    assert [(tmp_path / name).stat().st_size for name in ("first.log", "second.log")] == [19, 0]


def test_a_supervisor_keeps_the_logs_of_what_it_runs_small(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.prepare()
    log, earlier = state.log("chatty"), state.logs / "chatty.log.1"
    environment = {**os.environ, STATE_VARIABLE: str(state.folder)}
    with subprocess.Popen([sys.executable, "-c", _SUPERVISOR, str(state.folder), _CHATTY], env=environment) as process:
        try:
            until(earlier.exists, "its being put aside")
            first = earlier.stat().st_mtime_ns
            until(lambda: put_aside_again(earlier, first), "its being put aside again")
        finally:
            stop(state)
            process.wait(20)
    assert earlier.stat().st_size == 1000
    assert log.stat().st_size < 10_000
    assert len(whole_lines(earlier)) > 50
    for file in (earlier, log):
        numbers = whole_lines(file)
        assert all(after == before + 1 for before, after in pairwise(numbers)), "a line is lost or torn"


def put_aside_again(earlier: Path, first: int) -> bool:
    # For a moment there is none: the one before goes before the next one comes.
    with suppress(FileNotFoundError):
        return earlier.stat().st_mtime_ns != first
    return False


def whole_lines(file: Path) -> list[int]:
    """The numbers of the lines that begin and end in it; the first one may begin in the file before."""
    lines = file.read_bytes().splitlines(keepends=True)[1:]
    return [int(line.split()[1]) for line in lines if line.endswith(b"\n")]
