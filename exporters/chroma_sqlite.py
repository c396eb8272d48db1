"""What does Chroma's SQLite file say of itself? Its header in any case, two of its tables only where that is wanted.

The header is the first 100 bytes, read as any file is: no lock, no wait. The tables are read in single statements of
a few milliseconds, each over before the next begins: whoever holds a transaction here keeps Chroma from writing. The
log is counted by the thousand for that reason. One thread alone may use this for a file: to close it takes away what
locks the same process holds on it. Bytes. Errors: SourceError.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from exporters.source import SourceError

MOST_RECORDS = 100_000
_STEP = 1000
_PATIENCE = 0.2  # seconds to wait for a lock; Chroma may be writing
_HEADER = 100
_MAGIC = b"SQLite format 3\0"
_LARGEST_PAGE = 65536  # which is written as 1
_LOG = "SELECT seq_id FROM embeddings_queue WHERE seq_id > ? ORDER BY seq_id LIMIT ?"


def free_bytes(database: Path) -> int:
    """Pages on the free list, which SQLite fills before it lets the file grow."""
    try:
        with database.open("rb", buffering=0) as file:
            header = file.read(_HEADER)
    except OSError as error:
        raise SourceError(f"{database}: {error.strerror}; the agent must be able to read it") from error
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        raise SourceError(f"{database}: is no SQLite database")
    size = int.from_bytes(header[16:18], "big")
    return int.from_bytes(header[36:40], "big") * (_LARGEST_PAGE if size == 1 else size)


def segments(database: Path) -> set[str]:
    """The ids of all that it uses; those of vector indexes name folders."""
    return {str(row[0]) for row in _read(database, "SELECT id FROM segments")}


def backlog(database: Path) -> int:
    """Records in its log, up to `MOST_RECORDS`."""
    found, last = 0, -1
    while found < MOST_RECORDS:
        rows = _read(database, _LOG, last, _STEP)
        found += len(rows)
        if len(rows) < _STEP:
            break
        last = rows[-1][0]
    return found


def _read(database: Path, statement: str, *values: int) -> list[Any]:
    uri = f"file:{quote(str(database))}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()
    except sqlite3.Error as error:
        raise SourceError(f"{database}: {error}") from error
