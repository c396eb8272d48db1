"""A real Borg and real repositories on this disk, and the ways in which they can fail.

`RAGPULSE_BORG` names the program; without it the tests fail, they are not skipped.
"""

import io
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, chdir, closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from ragpulse.__main__ import main
from ragpulse.borg import state_file
from ragpulse.borg.state import Run, State
from tests.fakes.running import ROOT

PASSPHRASE = "passphrase-of-a-throw-away-repository"
PROGRAM = os.environ.get("RAGPULSE_BORG", "")


_MORE_THAN_A_PIPE = 256 * 1024


@dataclass(frozen=True)
class Repository:
    """folder: with `repository`, `data` (a database of 100 rows and a large file), and what Borg remembers."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "repository"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def state_file(self) -> Path:
        return self.folder / "state.json"

    @property
    def state(self) -> State:
        found = state_file.read(self.state_file)
        assert found is not None
        return found

    def run(self, operation: str) -> Run:
        return self.state.runs[operation]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "BORG_REPO": str(self.path),
            "BORG_PASSPHRASE": PASSPHRASE,
            "BORG_BASE_DIR": str(self.folder / "base"),
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",  # it is a copy
            "BORG_SELFTEST": "disabled",  # of its own code, at each start: a quarter of all that it does here
        }

    def borg(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return self.finished([PROGRAM, *map(str, arguments)])

    def borg_run(self, *arguments: str | Path, under: tuple[str, ...] = (), **environment: str) -> "Finished":
        """As an operator calls it; `environment` replaces what is right."""
        return self._called("borg-run", *map(str, arguments), under=under, **environment)

    def borg_verify(self, *arguments: str | Path, under: tuple[str, ...] = (), **environment: str) -> "Finished":
        """Into a scratch of its own, which must be empty again afterwards."""
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        finished = self._called(
            "borg-verify", "--scratch", str(scratch), *map(str, arguments), under=under, **environment
        )
        assert not list(scratch.iterdir())
        return finished

    def command(self, verb: str, program: str = PROGRAM) -> list[str]:
        return [sys.executable, "-m", "ragpulse", verb, "--state", str(self.state_file), "--borg", program]

    def start(self, verb: str, *arguments: str, program: str = PROGRAM) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        command = [*self.command(verb, program), *arguments]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.everything(), stdin=quiet, stdout=quiet, stderr=quiet
        )

    @contextmanager
    def being_backed_up(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """A backup (of what comes in) that goes on until the block ends: it holds the lock all the while."""
        with subprocess.Popen(
            [*(command or (PROGRAM,)), "create", "::slow", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=self.folder, env=self.everything(),
        ) as started:  # fmt: skip
            try:
                # More than a pipe holds: who has written it knows that Borg reads, which it does with its lock in hand.
                assert started.stdin is not None
                started.stdin.write(b"x" * _MORE_THAN_A_PIPE)
                started.stdin.flush()
                yield started
            except BaseException:
                started.kill()
                raise
            # Its input ends here, and with it the backup.

    def damage(self) -> None:
        """Eight bytes in the middle of the largest segment, as a disk that is going would."""
        segment = max((self.path / "data").rglob("[0-9]*"), key=lambda path: path.stat().st_size * path.is_file())
        with segment.open("r+b") as file:
            file.seek(segment.stat().st_size // 2)
            file.write(b"deadbeef")

    def _called(self, verb: str, *arguments: str, under: tuple[str, ...], **environment: str) -> "Finished":
        """In this process, which has loaded everything already, unless it must be under something."""
        command = [*self.command(verb), *arguments]
        if under:
            return self.finished([*under, *command], **environment)
        shown, told = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
        with ExitStack() as stack:
            for change in (
                patch.dict(os.environ, self.everything(**environment)), patch.object(sys, "argv", command[2:]),
                chdir(self.folder), redirect_stdout(shown), redirect_stderr(told),
            ):  # fmt: skip
                stack.enter_context(change)
            ended = stack.enter_context(pytest.raises(SystemExit))
            main()
        output, words = (stream.buffer.getvalue().decode() for stream in (shown, told))
        return subprocess.CompletedProcess(command, int(ended.value.code or 0), output, words)

    def everything(self, **more: str) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), **self.environment, **more}

    def finished(self, command: list[str], **environment: str) -> "Finished":
        return subprocess.run(
            command, cwd=self.folder, env=self.everything(**environment), stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False, timeout=120,
        )  # fmt: skip


Finished = subprocess.CompletedProcess[str]


def make_database(file: Path, rows: int) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE entry (text TEXT)")
        database.executemany("INSERT INTO entry VALUES (?)", [(f"entry {row}",) for row in range(rows)])


@pytest.fixture(scope="session")
def first_repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Made once; tests get copies."""
    if not PROGRAM:
        pytest.fail("there is no Borg: RAGPULSE_BORG names no program; `make test` sets it up")
    made = Repository(tmp_path_factory.mktemp("borg"))
    made.data.mkdir()
    make_database(made.data / "entries.db", 100)
    (made.data / "large").write_bytes(os.urandom(1_000_000))
    for arguments in (("init", "--encryption", "repokey-blake2"), ("create", "::first", "data")):
        assert made.borg(*arguments).returncode == 0
    return made


@pytest.fixture
def repository(first_repository: Repository, tmp_path: Path) -> Repository:
    """With one archive, `first`, of `data`."""
    shutil.copytree(first_repository.folder, tmp_path, dirs_exist_ok=True)
    return Repository(tmp_path)
