"""How did the last backup, check and restore go? Source: the state file that `borg-run` and `borg-verify` write.

No Borg is started, no lock taken, no passphrase needed. As long as there is no such file nothing has succeeded.
Errors: SourceError for a file that cannot be read or believed, in one line.
"""

from collections.abc import Iterator
from pathlib import Path

from exporters.clocks import MACHINE, Clock
from exporters.source import SourceError
from ragpulse.borg import state_file
from ragpulse.borg.state import OPERATIONS, RESULTS, Run, State, StateError
from ragpulse.catalogue.backup import (
    CHECK_SUCCESS,
    DURATION,
    FAILURE,
    FILES,
    INTERVAL,
    LAST_EXIT_CODE,
    LAST_SUCCESS,
    LOCK_AGE,
    MISSING_PATHS,
    RECORDS,
    REPOSITORY_FILESYSTEM,
    REPOSITORY_FREE,
    REPOSITORY_SIZE,
    RESTORE_VERIFIED,
    RESULT,
    SIZE,
)
from ragpulse.metric import Metric, Sample, one_of

_KINDS = ("original", "compressed", "deduplicated")
_SLACK = 3600.0  # seconds by which a clock may have been wrong when it was written


class BorgState:
    interval: float = 10.0
    timeout: float = 5.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (
        LAST_SUCCESS, LAST_EXIT_CODE, RESTORE_VERIFIED, CHECK_SUCCESS, RESULT, FAILURE, DURATION, MISSING_PATHS, SIZE,
        FILES, RECORDS, REPOSITORY_SIZE, REPOSITORY_FREE, REPOSITORY_FILESYSTEM, LOCK_AGE, INTERVAL,
    )  # fmt: skip

    def __init__(
        self, name: str, file: Path, *, every: float | None, looks_inside: bool, clock: Clock = MACHINE.wall
    ) -> None:
        """`looks_inside`: another source looks at the repository itself, and knows better about its lock and room."""
        self.name = f"backup:{name}"
        self._backup = name
        self._every = every
        self._file = file
        self._looks_inside = looks_inside
        self._clock = clock

    def read(self) -> Iterator[Sample]:
        try:
            state = state_file.read(self._file) or State()
        except StateError as error:
            raise SourceError(str(error)) from error
        return iter([*self._operations(state), *self._repository(state)])

    def _operations(self, state: State) -> Iterator[Sample]:
        for operation in OPERATIONS:
            run = state.runs.get(operation)
            yield from one_of(RESULT, "result", RESULTS, run.result if run else "never", **self._of(operation))
            if run is None:
                continue
            yield DURATION(max(0.0, run.end - run.start), **self._of(operation))
            if run.reason:
                yield FAILURE(1, **self._of(operation), reason=run.reason)
        for metric, operation in ((LAST_SUCCESS, "create"), (CHECK_SUCCESS, "check"), (RESTORE_VERIFIED, "verify")):
            yield metric(self._success(state.runs.get(operation)), backup=self._backup)
        if self._every is not None:
            yield INTERVAL(self._every, backup=self._backup)
        if create := state.runs.get("create"):
            yield LAST_EXIT_CODE(create.exit_code, backup=self._backup)
            yield MISSING_PATHS(create.missing_paths, backup=self._backup)

    def _success(self, run: Run | None) -> float:
        success = run.last_success if run else 0.0
        if success > self._clock() + _SLACK:
            raise SourceError(f"{self._file}: tells of a success in the future; is the clock of this node right?")
        return success

    def _repository(self, state: State) -> Iterator[Sample]:
        figures = state.runs["create"].figures if "create" in state.runs else {}
        for kind in _KINDS:
            if (size := figures.get(f"{kind}_bytes")) is not None:
                yield SIZE(size, backup=self._backup, kind=kind)
        told = {FILES: "files", REPOSITORY_SIZE: "repository_bytes"}
        if not self._looks_inside:
            told |= {REPOSITORY_FREE: "free_bytes", REPOSITORY_FILESYSTEM: "filesystem_bytes"}
            begun = [running.start for running in state.running.values()]
            yield LOCK_AGE(max(0.0, self._clock() - min(begun)) if begun else 0, backup=self._backup)
        for metric, name in told.items():
            if (value := figures.get(name)) is not None:
                yield metric(value, backup=self._backup)
        if "verify" in state.runs and (records := state.runs["verify"].figures.get("records")) is not None:
            yield RECORDS(records, backup=self._backup)

    def _of(self, operation: str) -> dict[str, str]:
        return {"backup": self._backup, "operation": operation}
