"""Another process has ChromaDB's database for itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from ragpulse.demo.cluster import chroma_data
from ragpulse.drill.fault import Fault
from ragpulse.drill.rig import Rig

_PATIENCE = 30.0  # seconds until nobody writes


@contextmanager
def _broken(rig: Rig) -> Iterator[None]:
    file = chroma_data(rig.state.folder) / "chroma.sqlite3"
    with closing(sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


FAULT = Fault("database-locked", "somebody has ChromaDB's database locked", _broken, "ChromaLocked")
