"""`borg-run`: calls Borg as its caller would, and records what came of it.

Nothing that goes wrong with the record stops a backup or changes its exit status: it is told, and the age of the last
success tells it again.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ragpulse.borg import state_file
from ragpulse.borg.call import Borg, Ended
from ragpulse.borg.location import local_folder
from ragpulse.borg.state import Run, Running, State, StateError

RECORDED = ("create", "check", "prune", "compact")
_WARNING = 1
_MODERN_WARNINGS = range(100, 128)  # where BORG_EXIT_CODES=modern
_SIGNALLED = 128


def call(borg: Borg, operation: str, arguments: Sequence[str], *, file: Path, lock_wait: int) -> int:
    """Borg's exit status. `arguments`: what its caller would write after the operation. Errors: BorgError."""
    started = time.time()
    with_json, raw = operation == "create" and "--json" not in arguments, "--log-json" in arguments
    added = [
        *([] if any(each.split("=")[0] == "--lock-wait" for each in arguments) else ["--lock-wait", str(lock_wait)]),
        *([] if raw else ["--log-json"]),
        *(["--json"] if with_json else []),
    ]
    record(file, lambda state: _begun(state, operation, started))
    try:
        ended = borg.stand_in(operation, *added, *arguments, catch=operation == "create", raw=raw, show=_tell)
    except BaseException:
        record(file, _no_longer_running)
        raise
    run = _run_of(operation, ended, started)
    record(file, lambda state: _no_longer_running(state.with_run(operation, run)))
    if not with_json:
        sys.stdout.buffer.write(ended.output)
        sys.stdout.flush()
    return ended.exit_code


def note(operation: str, exit_code: int, *, file: Path) -> None:
    """Records what somebody else has run: its end is now, and nothing is known of its beginning. Errors: StateError."""
    now = time.time()
    run = Run(now, now, exit_code, _result(operation, exit_code), _reason(operation, exit_code, ""))
    state_file.update(file, lambda state: state.with_run(operation, run))


def record(file: Path, change: Any) -> None:
    try:
        state_file.update(file, change)
    except StateError as error:
        _tell(f"borg-run: {error}")


def _run_of(operation: str, ended: Ended, started: float) -> Run:
    result = _result(operation, ended.exit_code)
    return Run(
        start=started,
        end=time.time(),
        exit_code=ended.exit_code,
        result=result,
        reason=_reason(operation, ended.exit_code, ended.said.reason),
        message_id=ended.said.message_id,
        missing_paths=len(ended.said.missing),
        figures=figures(ended.output) if result != "failed" else {},
    )


def _result(operation: str, exit_code: int) -> str:
    if exit_code == 0:
        return "success"
    # `check` calls it a warning that the repository is damaged.
    if operation != "check" and (exit_code == _WARNING or exit_code in _MODERN_WARNINGS):
        return "warning"
    return "failed"


def _reason(operation: str, exit_code: int, said: str) -> str:
    if _result(operation, exit_code) != "failed":
        return ""
    if said:
        return said
    if exit_code > _SIGNALLED:
        return "interrupted"
    return "damaged" if operation == "check" and exit_code == _WARNING else "other"


def figures(output: bytes) -> dict[str, float]:
    """What `create --json` counts, and how full the file system of a repository on this machine is; none if unknown."""
    try:
        found = json.loads(output)
        archive, cache = found["archive"]["stats"], found["cache"]["stats"]
        counted = {
            "original_bytes": archive["original_size"],
            "compressed_bytes": archive["compressed_size"],
            "deduplicated_bytes": archive["deduplicated_size"],
            "files": archive["nfiles"],
            "repository_bytes": cache["unique_csize"],
        }
        return {name: float(value) for name, value in counted.items()} | _room(found["repository"]["location"])
    except (ValueError, LookupError, TypeError):
        return {}


def _room(location: str) -> dict[str, float]:
    folder = local_folder(location)
    if folder is None:
        return {}
    try:
        found = os.statvfs(folder)
    except OSError:
        return {}
    return {
        "free_bytes": float(found.f_bavail * found.f_frsize),
        "filesystem_bytes": float(found.f_blocks * found.f_frsize),
    }


def _begun(state: State, operation: str, started: float) -> State:
    alive = {pid: running for pid, running in state.running.items() if _lives(pid)}
    return replace(state, running={**alive, str(os.getpid()): Running(operation, started)})


def _no_longer_running(state: State) -> State:
    return replace(state, running={pid: it for pid, it in state.running.items() if pid != str(os.getpid())})


def _lives(pid: str) -> bool:
    return pid.isdigit() and Path("/proc", pid).exists()


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
