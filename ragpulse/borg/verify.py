"""`borg-verify`: is the newest archive worth anything? It is restored into a scratch folder, opened, and counted.

What came of it is recorded beside the backups. Errors: UnprovenError with one of our reasons; StateError when the state
file cannot be read or written.
"""

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ragpulse.borg import opened_chroma, state_file
from ragpulse.borg.call import Borg, BorgError, Ended
from ragpulse.borg.listing import IN_UTC, Archive, archives
from ragpulse.borg.opened import CHROMA, Contents, UnreadableError, contents
from ragpulse.borg.scratch import EndedError, scratch
from ragpulse.borg.state import Run
from ragpulse.errors import RagpulseError

_MORE_THAN_ITS_FILES = 1.05  # folders, and the last block of each file
_LEAST_SHARE = 0.5  # of what was counted last; data that is tidied up shrinks, data that is lost is gone
# Of the copy only the content counts, and nothing must keep it from being removed again.
_PLAIN = ("--noacls", "--noxattrs", "--noflags")
_SIGNALLED = 128


class UnprovenError(RagpulseError):
    """The newest archive was not restored and read. reason: one of `state.REASONS`. status: Borg's, else ours."""

    def __init__(self, reason: str, text: str, status: int = 1, message_id: str = "") -> None:
        super().__init__(text)
        self.reason = reason
        self.status = status
        self.message_id = message_id


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proven of which archive. served: the records that a Chroma told, None when there was none to ask."""

    archive: Archive
    contents: Contents
    served: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Verification:
    """What to prove and how.

    paths: what to restore, as Borg lists it; everything when empty. archives: a pattern for their names. chroma: a
    program that serves what was restored. accept_fewer: what is counted this time is what there must be.
    """

    borg: Borg
    file: Path
    paths: Sequence[str] = ()
    archives: str | None = None
    scratch: Path | None = None
    chroma: str | None = None
    lock_wait: int = 600
    accept_fewer: bool = False

    def run(self, say: Callable[[str], None]) -> Proof:
        began, started = time.monotonic(), time.time()
        try:
            archive, found, served = self._restored(say)
            self._require_enough(found.records)
        except UnprovenError as error:
            self._record(Run(started, time.time(), error.status, "failed", error.reason, error.message_id))
            raise
        figures = {"records": found.records, "restored_bytes": found.bytes, "archive_start": archive.start}
        self._record(Run(started, time.time(), 0, "success", figures=figures))
        return Proof(archive, found, served, time.monotonic() - began)

    def _restored(self, say: Callable[[str], None]) -> tuple[Archive, Contents, int | None]:
        try:
            with scratch(self.scratch) as folder:
                archive = self._newest()
                self._require_room(archive, folder)
                say(f"restoring {archive.name} into {folder}")
                self._ask("extract", *_PLAIN, f"::{archive.name}", *self.paths, folder=folder)
                say("opening what was restored")
                found = contents(folder)
                if not found.files:
                    raise UnprovenError("missing_path", f"{archive.name} holds no file of what was asked for")
                return archive, found, self._served(found)
        except UnreadableError as error:
            raise UnprovenError("unreadable", f"the newest archive was restored, but {error}") from None
        except EndedError as error:
            raise UnprovenError("interrupted", "ended by a signal", _SIGNALLED + error.number) from None
        except BorgError as error:
            raise UnprovenError("other", str(error)) from None
        except OSError as error:
            raise UnprovenError("other", f"{error.filename}: {error.strerror}; name another --scratch") from None

    def _newest(self) -> Archive:
        pattern = ("--glob-archives", self.archives) if self.archives else ()
        found = archives(self._ask("list", "--json", "--last", "1", *pattern).output)
        if not found:
            raise UnprovenError("no_archive", "the repository holds no archive of this backup")
        return found[-1]

    def _require_room(self, archive: Archive, folder: Path) -> None:
        name = f"::{archive.name}"
        if self.paths:
            listed = self._ask("list", "--format", "{size}{NL}", name, *self.paths)
            size = sum(int(line) for line in listed.output.split())
        else:
            size = json.loads(self._ask("info", "--json", name).output)["archives"][0]["stats"]["original_size"]
        free, needed = shutil.disk_usage(folder).free, int(_MORE_THAN_ITS_FILES * size)
        if free < needed:
            where = f"{folder.parent} has room for {free} bytes and {needed} are needed"
            raise UnprovenError("no_space", f"{where}; name another --scratch")

    def _served(self, found: Contents) -> int | None:
        homes = [path.parent for path in found.databases if path.name == CHROMA]
        if not homes or self.chroma is None:
            return None
        return sum(opened_chroma.records(self.chroma, home) for home in homes)

    def _require_enough(self, records: int) -> None:
        last = state_file.known(self.file).runs.get("verify")
        known = last.figures.get("records", 0.0) if last else 0.0
        if records < _LEAST_SHARE * known and not self.accept_fewer:
            text = f"the newest archive holds {records} records, and the one that was verified last held {known:.0f}"
            raise UnprovenError("fewer_records", f"{text}; if that is right, say so once by --accept-fewer")

    def _record(self, run: Run) -> None:
        state_file.update(self.file, lambda state: state.with_run("verify", run))

    def _ask(self, operation: str, *arguments: str, folder: Path | None = None) -> Ended:
        borg = replace(self.borg, folder=folder, environment={**(self.borg.environment or {}), **IN_UTC})
        ended = borg.ask(operation, "--log-json", "--lock-wait", str(self.lock_wait), *arguments)
        if ended.exit_code:
            reason = ended.said.reason or "other"
            text = f"borg {operation}: {reason.replace('_', ' ')}: {ended.said.words or f'status {ended.exit_code}'}"
            raise UnprovenError(reason, text, ended.exit_code, ended.said.message_id)
        return ended
