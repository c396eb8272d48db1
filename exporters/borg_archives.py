"""When was the newest archive made, where nobody records it? Source: Borg itself, asked every quarter of an hour.

It never takes the lock and keeps its cache apart (`--bypass-lock`, its own base folder), so that neither waits for the
other: a backup that runs is not seen until it has ended. What was learned stays true, and one look may fail, as it does
while archives are pruned: that is counted once. From the second on, or when nothing is known, every run fails until
Borg answers. Errors: PartError.
"""

import os
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

from exporters.clocks import MACHINE, Clock
from exporters.source import PartError
from ragpulse.borg.call import Borg, BorgError
from ragpulse.borg.listing import IN_UTC, archives
from ragpulse.catalogue.backup import LAST_SUCCESS
from ragpulse.metric import Metric, Sample

_ANEW = 900.0
_AGAIN = 300.0  # after a look that failed
_WITHIN = 60.0
_ACCESS = {
    # Its folder is new each time, so that it knows no repository; it only reads.
    "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
    "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
}


class BorgArchives:
    """`interval` is that of telling; Borg is asked far less often."""

    interval: float = 15.0
    timeout: float = _WITHIN + 10.0
    max_age: float | None = 150.0  # more than a look takes
    emits: tuple[Metric, ...] = (LAST_SUCCESS,)

    def __init__(
        self,
        name: str,
        repository: str,
        passphrase_file: Path,
        *,
        program: str = "borg",
        clock: Clock = MACHINE.since_boot,
    ) -> None:
        self.name = f"backup_archives:{name}"
        self._backup = name
        self._repository = repository
        self._passphrase_file = passphrase_file
        self._program = program
        self._clock = clock
        self._newest: float | None = None
        self._error = ""
        self._failed = 0
        self._due = clock()

    def read(self) -> Iterator[Sample]:
        is_due = self._clock() >= self._due
        if is_due:
            self._look()
        if self._newest is not None:
            yield LAST_SUCCESS(self._newest, backup=self._backup)
        if self._failed and (is_due or self._failed > 1 or self._newest is None):
            raise PartError(self._error)

    def _look(self) -> None:
        try:
            self._newest, self._failed = self._asked(), 0
        except BorgError as error:
            self._error, self._failed = str(error), self._failed + 1
        self._due = self._clock() + (_AGAIN if self._failed else _ANEW)

    def _asked(self) -> float:
        """0 for a repository without archives. Errors: BorgError."""
        with tempfile.TemporaryDirectory(prefix="ragpulse-borg-") as base:
            environment = {
                "BORG_RSH": os.environ.get("BORG_RSH", "ssh -oBatchMode=yes"),
                **_ACCESS,
                **IN_UTC,
                "BORG_BASE_DIR": base,
                "BORG_REPO": self._repository,
                "BORG_PASSCOMMAND": f"cat {shlex.quote(str(self._passphrase_file))}",
            }
            borg = Borg(self._program, environment)
            ended = borg.ask("list", "--bypass-lock", "--log-json", "--json", "--last", "1", within=_WITHIN)
        if ended.exit_code:
            said = ended.said
            why = said.message_id or f"status {ended.exit_code}"
            raise BorgError(f"borg list: {said.reason.replace('_', ' ') or 'failed'} ({why})")
        found = archives(ended.output)
        return found[-1].start if found else 0.0
