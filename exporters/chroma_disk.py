"""What do Chroma's data take on disk, how much room is left, and what lies there for nothing? Read on its own node.

Source: names and `stat` of its data folder, the header of its SQLite file, statvfs; and, where the cluster file says
`read_database`, two of its tables every quarter of an hour. A folder of an index that no segment names is orphaned:
every version leaves one behind for each collection that is deleted. What the tables said stays true until they are read
again; a reading that fails is an error, and tried anew after a minute. A folder that is gone is told by the state of
the service. Bytes. Errors: SourceError, PartError for what
can only not be had of the database.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from exporters import chroma_files, chroma_sqlite
from exporters.clocks import MACHINE, Clock
from exporters.source import PartError, SourceError
from ragpulse.catalogue.chroma import (
    DATA_BYTES,
    DATA_CHANGED,
    FILESYSTEM_AVAILABLE,
    FILESYSTEM_SIZE,
    FREE_BYTES,
    HNSW_DIRECTORIES,
    ORPHANED_BYTES,
    ORPHANED_DIRECTORIES,
    WAL_BACKLOG,
)
from ragpulse.metric import Metric, Sample

if TYPE_CHECKING:
    from collections.abc import Mapping

READ_EVERY = 900.0


class ChromaDisk:
    interval: float = 60.0
    timeout: float = 30.0  # thousands of folders, on a disk that is busy
    max_age: float | None = None
    emits: tuple[Metric, ...] = (
        DATA_BYTES,
        DATA_CHANGED,
        HNSW_DIRECTORIES,
        ORPHANED_DIRECTORIES,
        ORPHANED_BYTES,
        WAL_BACKLOG,
        FREE_BYTES,
        FILESYSTEM_AVAILABLE,
        FILESYSTEM_SIZE,
    )

    def __init__(
        self, service: str, folder: Path, *, read_database: bool = False, clock: Clock = MACHINE.since_boot
    ) -> None:
        self.name = f"chroma_disk:{service}"
        self._service = service
        self._folder = folder
        self._database = folder / chroma_files.DATABASE
        self._reads = read_database
        self._clock = clock
        self._due = clock()
        self._told: list[Sample] = []

    def read(self) -> Iterator[Sample]:
        service = self._service
        found = chroma_files.files(self._folder)
        if found is None:
            return
        for kind, size in found.sizes.items():
            yield DATA_BYTES(size, service=service, kind=kind)
        yield HNSW_DIRECTORIES(len(found.indexes), service=service)
        room = os.statvfs(self._folder)
        yield FILESYSTEM_AVAILABLE(room.f_bavail * room.f_frsize, service=service)
        yield FILESYSTEM_SIZE(room.f_blocks * room.f_frsize, service=service)
        if found.changed is None:
            return
        yield DATA_CHANGED(found.changed, service=service)
        try:
            yield FREE_BYTES(chroma_sqlite.free_bytes(self._database), service=service)
            if self._reads:
                yield from self._tables(found.indexes)
        except SourceError as error:
            raise PartError(str(error)) from error

    def _tables(self, indexes: Mapping[str, int]) -> list[Sample]:
        """The folders were listed before, so that one which is made meanwhile is no orphan."""
        if self._clock() >= self._due:
            used = chroma_sqlite.segments(self._database)
            orphans = [size for name, size in indexes.items() if name not in used]
            self._told = [
                ORPHANED_DIRECTORIES(len(orphans), service=self._service),
                ORPHANED_BYTES(sum(orphans), service=self._service),
                WAL_BACKLOG(chroma_sqlite.backlog(self._database), service=self._service),
            ]
            self._due = self._clock() + READ_EVERY
        return self._told
