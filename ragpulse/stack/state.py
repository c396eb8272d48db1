"""Where does a stack keep what it needs, and what do its own files say?

Everything lies under one state folder. `run/` holds what is true only while the stack runs:
`plan.json` (what `up` wanted), `supervisor.json` (who watches it), `processes.json` (how each process is),
`held/<process>` (this one is to stay stopped), `faults/<process>` (what this one of the demo is to do wrong). Errors:
OSError where the folder cannot be written; a file that is missing or from another version reads as None; `damaged`
names those that are there all the same.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from ragpulse import atomic
from ragpulse.errors import RagpulseError
from ragpulse.stack.identity import Identity
from ragpulse.stack.process import Process

T = TypeVar("T")
Condition = Literal["starting", "running", "held", "backoff", "done"]


@dataclass(frozen=True, slots=True)
class Plan:
    """`digest` covers our own code and all that `up` derived, the contents of the generated files too."""

    digest: str
    demo: bool
    config_file: str
    processes: tuple[Process, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """How one process is. `since` is unix time; `exit_code` is of its last end, negative for a signal."""

    name: str
    state: Condition = "starting"
    since: float = 0.0
    identity: Identity | None = None
    restarts: int = 0
    exit_code: int | None = None


_PLAN = TypeAdapter(Plan)
_STATUSES = TypeAdapter(tuple[Status, ...])
_IDENTITY = TypeAdapter(Identity)


class State:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.config = self.folder / "config"
        self.data = self.folder / "data"
        self.logs = self.folder / "logs"
        self.cluster_file = self.folder / "cluster.yaml"
        self.held_folder = self.folder / "run" / "held"
        self._faults_folder = self.folder / "run" / "faults"
        self.supervisor_lock = self.folder / "run" / "supervisor.lock"
        self._up_lock = self.folder / "run" / "up.lock"
        self._plan = self.folder / "run" / "plan.json"
        self._supervisor = self.folder / "run" / "supervisor.json"
        self._statuses = self.folder / "run" / "processes.json"

    def prepare(self) -> None:
        for folder in (self.data, self.logs, self.held_folder):
            folder.mkdir(parents=True, exist_ok=True)
        # Left behind by an `up` that was killed.
        for file in (self._plan, self.cluster_file):
            atomic.sweep(file)
        secrets = self.folder / "secrets"
        secrets.mkdir(mode=0o700, exist_ok=True)
        secrets.chmod(0o700)

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def plan(self) -> Plan | None:
        return _read(self._plan, _PLAN)

    def plan_beside(self, plan: Plan) -> AbstractContextManager[Callable[[], None]]:
        return atomic.beside(self._plan, _PLAN.dump_json(plan, indent=1), mode=0o600)

    def write_plan(self, plan: Plan) -> None:
        with self.plan_beside(plan) as put:
            put()

    def supervisor(self) -> Identity | None:
        """Whoever wrote itself down as the supervisor: alive or not, ours or copied along with the folder."""
        return _read(self._supervisor, _IDENTITY)

    def write_supervisor(self, identity: Identity) -> None:
        atomic.write(self._supervisor, _IDENTITY.dump_json(identity))

    def statuses(self) -> dict[str, Status]:
        return {status.name: status for status in _read(self._statuses, _STATUSES) or ()}

    def write_statuses(self, statuses: tuple[Status, ...]) -> None:
        atomic.write(self._statuses, _STATUSES.dump_json(statuses, indent=1))

    def damaged(self) -> list[Path]:
        """Half-written by a crash, or of another version."""
        wanted: tuple[tuple[Path, TypeAdapter[Any]], ...] = (
            (self._plan, _PLAN),
            (self._supervisor, _IDENTITY),
            (self._statuses, _STATUSES),
        )
        return [file for file, adapter in wanted if _is_damaged(file, adapter)]

    def held(self) -> set[str]:
        try:
            return {file.name for file in self.held_folder.iterdir()}
        except FileNotFoundError:
            return set()

    def hold(self, process: str) -> None:
        self.held_folder.mkdir(parents=True, exist_ok=True)
        (self.held_folder / process).touch()

    def release(self, process: str) -> None:
        (self.held_folder / process).unlink(missing_ok=True)

    def fault_file(self, process: str) -> Path:
        return self._faults_folder / process

    def tell_fault(self, process: str, fault: str | None) -> None:
        file = self.fault_file(process)
        if fault is None:
            file.unlink(missing_ok=True)
        else:
            atomic.write(file, fault)

    def forget_run(self) -> None:
        """Nothing runs any more, so nothing of `run/` is true."""
        for file in (self._plan, self._supervisor, self._statuses):
            file.unlink(missing_ok=True)
        for file in (self._supervisor, self._statuses):
            atomic.sweep(file)
        for process in self.held():
            self.release(process)
        shutil.rmtree(self._faults_folder, ignore_errors=True)

    @contextmanager
    def only_one_up(self) -> Iterator[None]:
        """Errors: RagpulseError while another `up` works on this folder.

        `down` does not ask: it ends what it finds at once, and an `up` at work then ends with what it finds missing.
        """
        self._up_lock.parent.mkdir(parents=True, exist_ok=True)
        with self._up_lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RagpulseError(f"{self.folder}: another `ragpulse up` is at work here; wait for it") from None
            yield


def _read(file: Path, adapter: TypeAdapter[T]) -> T | None:
    try:
        return adapter.validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _is_damaged(file: Path, adapter: TypeAdapter[Any]) -> bool:
    try:
        adapter.validate_json(file.read_bytes())
    except FileNotFoundError:
        return False
    except ValidationError:
        return True
    return False
