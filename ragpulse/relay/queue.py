"""What was accepted and is not told yet, on the disk: a SQLite database, one row for each message.

A row that is settled stays for a while without its body, so that Alertmanager, which sends again what it got no answer
for, is recognised; also by an adapter that was killed in between. Errors: sqlite3.Error (a full disk too).
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["queued", "delivered", "dead_letter"]

MOST_QUEUED = 1000  # of one receiver
_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, receiver TEXT NOT NULL, grp TEXT NOT NULL,
    accepted REAL NOT NULL, state TEXT NOT NULL DEFAULT 'queued', reason TEXT NOT NULL DEFAULT '', body BLOB
)"""


class Full(Exception):  # noqa: N818 - a fact
    """No more is taken for this receiver."""


@dataclass(frozen=True, slots=True)
class Waiting:
    id: str
    group: str
    accepted: float


@dataclass(frozen=True, slots=True)
class Known:
    """What became of a message. `reason`: of the last attempt that failed."""

    group: str
    accepted: float
    state: State
    reason: str


class Queue:
    """`remembered`: seconds for which a message that was accepted is not accepted again."""

    def __init__(self, file: Path, *, remembered: float, clock: Callable[[], float] = time.time) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))  # SQLite gives its other files the same mode
        self._remembered = remembered
        self._clock = clock
        self._database = _opened(file)

    def put(self, identity: str, receiver: str, group: str, body: bytes) -> bool:
        """On the disk when it returns. False: it had been accepted before. Errors: Full; sqlite3.Error."""
        now = self._clock()
        with self._database as database:
            database.execute("DELETE FROM messages WHERE state != 'queued' AND accepted < ?", (now - self._remembered,))
            if database.execute("SELECT 1 FROM messages WHERE id = ?", (identity,)).fetchone():
                return False
            if self.length(receiver) >= MOST_QUEUED:
                raise Full
            database.execute(
                "INSERT INTO messages (id, receiver, grp, accepted, body) VALUES (?, ?, ?, ?, ?)",
                (identity, receiver, group, now, body),
            )
        return True

    def waiting(self, receiver: str) -> list[Waiting]:
        """The oldest first."""
        rows = self._database.execute(
            "SELECT id, grp, accepted FROM messages WHERE receiver = ? AND state = 'queued' ORDER BY number",
            (receiver,),
        )
        return [Waiting(*row) for row in rows]

    def body(self, identity: str) -> bytes:
        found: tuple[bytes] = self._database.execute("SELECT body FROM messages WHERE id = ?", (identity,)).fetchone()
        return found[0]

    def settle(self, identity: str, state: State, reason: str = "") -> None:
        with self._database as database:
            database.execute(
                "UPDATE messages SET state = ?, reason = ?, body = NULL WHERE id = ?", (state, reason, identity)
            )

    def drop(self, receiver: str) -> None:
        """What waits is old news."""
        with self._database as database:
            database.execute("DELETE FROM messages WHERE receiver = ? AND state = 'queued'", (receiver,))

    def note(self, identity: str, reason: str) -> None:
        """Why the last attempt failed."""
        with self._database as database:
            database.execute("UPDATE messages SET reason = ? WHERE id = ?", (reason, identity))

    def length(self, receiver: str) -> int:
        row: tuple[int] = self._database.execute(
            "SELECT count(*) FROM messages WHERE receiver = ? AND state = 'queued'", (receiver,)
        ).fetchone()
        return row[0]

    def receivers(self) -> set[str]:
        """That something waits for."""
        return {
            row[0] for row in self._database.execute("SELECT DISTINCT receiver FROM messages WHERE state = 'queued'")
        }

    def known(self, receiver: str) -> list[Known]:
        """The newest first."""
        rows = self._database.execute(
            "SELECT grp, accepted, state, reason FROM messages WHERE receiver = ? ORDER BY number DESC LIMIT 50",
            (receiver,),
        )
        return [Known(*row) for row in rows]

    def close(self) -> None:
        self._database.close()


def _opened(file: Path) -> sqlite3.Connection:
    """A damaged database is laid aside: what will be told counts for more than what was lost."""
    try:
        return _ready(file)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        for ending in ("-wal", "-shm"):
            file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)
        file.replace(file.with_suffix(".damaged"))
        return _ready(file)


def _ready(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=1.0, check_same_thread=False)
    with contextlib.ExitStack() as failed:
        failed.callback(database.close)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(_SCHEMA)
        database.commit()
        failed.pop_all()
    return database
