"""Is a repository in a folder of this node locked, how full is its disk, when did it last change? Source: stat, no key.

Borg writes `index.<N>` at the end of each transaction, whatever that was, and keeps `lock.exclusive` while it writes.
Errors: SourceError for a folder that holds no repository or may not be looked at.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from exporters.clocks import MACHINE, Clock
from exporters.source import SourceError
from ragpulse.catalogue.backup import LAST_COMMIT, LOCK_AGE, REPOSITORY_FILESYSTEM, REPOSITORY_FREE
from ragpulse.metric import Metric, Sample

_LOCK = "lock.exclusive"


class BorgRepository:
    interval: float = 10.0
    timeout: float = 5.0  # a file server that does not answer
    max_age: float | None = None
    emits: tuple[Metric, ...] = (LAST_COMMIT, LOCK_AGE, REPOSITORY_FREE, REPOSITORY_FILESYSTEM)

    def __init__(self, name: str, folder: Path, clock: Clock = MACHINE.wall) -> None:
        self.name = f"backup_repository:{name}"
        self._backup = name
        self._folder = folder
        self._clock = clock

    def read(self) -> Iterator[Sample]:
        try:
            names = [path.name for path in self._folder.iterdir()]
            room = os.statvfs(self._folder)
        except OSError as error:
            raise SourceError(f"{self._folder}: {error.strerror}; the agent must be able to list it") from error
        if "config" not in names or "data" not in names:
            raise SourceError(f"{self._folder}: holds no Borg repository")
        # What goes away between two looks was about to.
        commits = [self._changed(name) for name in names if name.startswith("index.")]
        if known := [commit for commit in commits if commit is not None]:
            yield LAST_COMMIT(max(known), backup=self._backup)
        locked = self._changed(_LOCK) if _LOCK in names else None
        yield LOCK_AGE(0 if locked is None else max(0.0, self._clock() - locked), backup=self._backup)
        yield REPOSITORY_FREE(room.f_bavail * room.f_frsize, backup=self._backup)
        yield REPOSITORY_FILESYSTEM(room.f_blocks * room.f_frsize, backup=self._backup)

    def _changed(self, name: str) -> float | None:
        with suppress(OSError):
            return (self._folder / name).stat().st_mtime
        return None
