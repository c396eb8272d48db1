"""What is recorded of one backup, as `borg-run` and `borg-verify` write it and the agent reads it. JSON, version 1.

Times are Unix seconds. No path, command line, message or secret stands in it: only numbers and words of the lists
below, and the id that Borg gives to a message. Whoever reads it believes nothing. Errors: StateError, in one line.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from ragpulse.errors import RagpulseError

VERSION = 1
OPERATIONS = ("create", "check", "prune", "compact", "verify")
RESULTS = ("never", "success", "warning", "failed")
# Why a run failed. damaged: the repository or an archive is. no_space: no room to write to, in the repository or in the
# scratch folder. missing_path, no_archive: what should be restored is not in the backup. unreadable: it was restored,
# and cannot be opened. fewer_records: it was opened, and holds less than it should.
REASONS = (
    "locked", "passphrase", "repository", "damaged", "no_space", "no_archive", "missing_path", "unreadable",
    "fewer_records", "interrupted", "other",
)  # fmt: skip
_MOST = 2.0**63
_MESSAGE_ID = re.compile(r"[A-Za-z.]{1,64}")
T = TypeVar("T")


class StateError(RagpulseError):
    """A state file that cannot be believed, read or written."""


class NewerError(StateError):
    """Written by a later version of ragpulse."""


@dataclass(frozen=True, slots=True)
class Run:
    """The last run of an operation. figures: what it counted, or the last one that counted anything."""

    start: float
    end: float
    exit_code: int
    result: str
    reason: str = ""
    message_id: str = ""
    missing_paths: int = 0
    last_success: float = 0.0  # when one ended well, with warnings or without; 0: never
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return self.result in {"success", "warning"}


@dataclass(frozen=True, slots=True)
class Running:
    """What a process of this machine is doing now, unless it was killed."""

    operation: str
    start: float


@dataclass(frozen=True, slots=True)
class State:
    """runs: by operation. running: by process id."""

    runs: Mapping[str, Run] = field(default_factory=dict)
    running: Mapping[str, Running] = field(default_factory=dict)

    def with_run(self, operation: str, run: Run) -> "State":
        """What an earlier run knew and this one does not stays: the last success, and the figures."""
        before = self.runs.get(operation)
        success = run.end if run.is_good else before.last_success if before else 0.0
        figures = run.figures or (before.figures if before else {})
        return replace(self, runs={**self.runs, operation: replace(run, last_success=success, figures=figures)})

    def as_text(self) -> str:
        return json.dumps({"version": VERSION, **asdict(self)}, indent=1) + "\n"


def parse(text: bytes) -> State:
    """Errors: StateError without the name of the file."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise StateError("is not JSON, so borg-run did not write it") from None
    if not isinstance(found, dict):
        raise StateError("is not of the form that borg-run writes")
    version = found.get("version")
    if type(version) is not int or version < VERSION:
        raise StateError("names no version, so borg-run did not write it")
    if version > VERSION:
        raise NewerError("was written by a newer ragpulse; install that one on this node too")
    return State(
        runs={name: _run(name, run) for name, run in _mapping(found, "runs").items() if name in OPERATIONS},
        running={pid: _running(running) for pid, running in _mapping(found, "running").items()},
    )


def _run(operation: str, found: Any) -> Run:
    where = f"runs.{operation}"
    if not isinstance(found, dict):
        raise StateError(f"{where} is no mapping")
    result, message_id, reason = (found.get(key) for key in ("result", "message_id", "reason"))
    if result not in RESULTS:
        raise StateError(f"{where}.result is none of {', '.join(RESULTS)}")
    figures = _mapping(found, "figures")
    return Run(
        start=_number(found, "start", where),
        end=_number(found, "end", where),
        exit_code=int(_number(found, "exit_code", where)),
        result=result,
        reason=reason if reason in REASONS else "other" if result == "failed" else "",
        message_id=message_id if isinstance(message_id, str) and is_message_id(message_id) else "",
        missing_paths=int(_number(found, "missing_paths", where)),
        last_success=_number(found, "last_success", where),
        figures={name: _number(figures, name, f"{where}.figures") for name in figures},
    )


def _running(found: Any) -> Running:
    if not isinstance(found, dict) or found.get("operation") not in OPERATIONS:
        raise StateError("running names no operation")
    return Running(found["operation"], _number(found, "start", "running"))


def _mapping(found: dict[str, Any], key: str) -> dict[str, Any]:
    inner = found.get(key, {})
    if not isinstance(inner, dict):
        raise StateError(f"{key} is no mapping")
    return inner


def _number(found: dict[str, Any], key: str, where: str) -> float:
    value: Any = found.get(key)
    if type(value) not in {int, float} or not 0 <= value < _MOST:  # which NaN is not
        raise StateError(f"{where}.{key[:40]} is no number that can stand there")
    return float(value)


def is_message_id(text: str) -> bool:
    return _MESSAGE_ID.fullmatch(text) is not None
