"""The last backup of ChromaDB is two days old, and should be made every day."""

from collections.abc import Iterator
from contextlib import contextmanager

from ragpulse.drill.cluster import record_backup
from ragpulse.drill.fault import Fault
from ragpulse.drill.rig import Rig

_TWO_DAYS = 2 * 86_400.0


@contextmanager
def _broken(rig: Rig) -> Iterator[None]:
    record_backup(rig.state.folder, _TWO_DAYS)
    try:
        yield
    finally:
        record_backup(rig.state.folder, 0.0)


FAULT = Fault("backup-stale", "nobody has made a backup for two days", _broken, "BackupStale", severity="ticket")
