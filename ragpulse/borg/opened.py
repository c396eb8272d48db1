"""Does what was restored open, and how many records does it hold? Source: every SQLite database below a folder.

Records are the embeddings of a Chroma database, and the rows of every table of any other. The folder is a copy that
nobody else uses: opening one may change it. Errors: UnreadableError.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ragpulse.errors import RagpulseError

CHROMA = "chroma.sqlite3"
_MAGIC = b"SQLite format 3\0"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"  # noqa: E501 - one sentence


class UnreadableError(RagpulseError):
    """It was restored, and is no use."""


@dataclass(frozen=True, slots=True)
class Contents:
    files: int
    bytes: int
    databases: tuple[Path, ...]
    records: int


def contents(folder: Path) -> Contents:
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    databases = tuple(path for path in sorted(files) if _is_sqlite(path))
    return Contents(
        files=len(files),
        bytes=sum(path.stat().st_size for path in files),
        databases=databases,
        records=sum(_records(path) for path in databases),
    )


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _records(path: Path) -> int:
    try:
        with closing(sqlite3.connect(path)) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check(1)")]
            if found != ["ok"]:
                raise UnreadableError(f"{path.name}: SQLite finds it damaged: {' '.join(str(found[0]).split())[:200]}")
            return sum(_counts(database, path.name))
    except sqlite3.Error as error:
        raise UnreadableError(f"{path.name}: SQLite cannot open it: {error}") from None


def _counts(database: sqlite3.Connection, name: str) -> Iterator[int]:
    tables = ["embeddings"] if name == CHROMA else [row[0] for row in database.execute(_TABLES)]
    for table in tables:
        quoted = table.replace('"', '""')
        yield database.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0]  # noqa: S608 - a name of the database
