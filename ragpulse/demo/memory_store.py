"""Notes in one SQLite file, found by full text (FTS5, ranked by BM25).

Every call opens the file anew, so that a file that was moved away or made read-only shows at once instead of living
on in an open handle. Errors: sqlite3.Error; a lock held elsewhere is waited for at most `_BUSY_SECONDS`.
"""

import hashlib
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_BUSY_SECONDS = 1.0
_MAX_TERMS = 64
_WORD = re.compile(r"\w+")
_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS memories (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created REAL NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5(content, tags);
"""


@dataclass(frozen=True, slots=True)
class Found:
    """`score` grows with relevance (BM25 with its sign turned)."""

    id: str
    content: str
    score: float


@dataclass(frozen=True, slots=True)
class Size:
    """`bytes` includes the write-ahead log."""

    entries: int
    bytes: int


def id_of(content: str) -> str:
    """The same content has the same id: a note is kept once."""
    return hashlib.sha256(content.encode()).hexdigest()


class MemoryStore:
    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(_SCHEMA)

    def add(self, content: str, tags: list[str]) -> bool:
        """False when the note is already there."""
        with self._transaction() as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO memories (id, created) VALUES (?, ?)", (id_of(content), time.time())
            )
            if added.rowcount:
                connection.execute(
                    "INSERT INTO texts (rowid, content, tags) VALUES (?, ?, ?)",
                    (added.lastrowid, content, " ".join(tags)),
                )
        return bool(added.rowcount)

    def get(self, memory_id: str) -> str | None:
        with self._connection() as connection:
            row = connection.execute(
                "SELECT content FROM memories JOIN texts ON texts.rowid = number WHERE id = ?", (memory_id,)
            ).fetchone()
        return row[0] if row else None

    def search(self, text: str, limit: int) -> list[Found]:
        """Notes that share a word with `text`, best first. Each word is quoted, so none is read as query syntax."""
        terms = _WORD.findall(text)[:_MAX_TERMS]
        if not terms:
            return []
        query = " OR ".join(f'"{term}"' for term in terms)
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT id, content, -bm25(texts) FROM texts JOIN memories ON number = texts.rowid"
                " WHERE texts MATCH ? ORDER BY bm25(texts) LIMIT ?",
                (query, limit),
            ).fetchall()
        return [Found(*row) for row in rows]

    def tagged(self, tag: str, limit: int) -> list[tuple[str, str]]:
        """(id, content) of the oldest notes with exactly this tag."""
        words = " ".join(_WORD.findall(tag))
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT id, content, tags FROM texts JOIN memories ON number = texts.rowid"
                " WHERE texts MATCH ? ORDER BY number",
                (f'tags : "{words}"',),
            ).fetchall()
        return [(row[0], row[1]) for row in rows if tag in row[2].split(" ")][:limit]

    def delete(self, memory_id: str) -> bool:
        """False when there was none."""
        with self._transaction() as connection:
            row = connection.execute("DELETE FROM memories WHERE id = ? RETURNING number", (memory_id,)).fetchone()
            if row:
                connection.execute("DELETE FROM texts WHERE rowid = ?", row)
        return bool(row)

    def check(self) -> Size:
        """Proves that the file can be read and that a writer would get in; writes nothing."""
        with self._transaction() as connection:
            entries = connection.execute("SELECT count(*) FROM memories").fetchone()[0]
        log = self._file.with_name(self._file.name + "-wal")
        return Size(entries, sum(path.stat().st_size for path in (self._file, log) if path.exists()))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # mode=rw: a missing file is an error, not an empty new one.
        uri = f"{self._file.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Takes the write lock at once, so that what follows cannot fail for want of it."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield connection
