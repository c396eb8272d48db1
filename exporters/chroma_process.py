"""Which process has Chroma's database open, what does it take, and is the file that it has open still in its place?

Source: /proc/PID/fd, stat and statm. A file is known by device and inode, so that a container, which calls it by
another path, is found too. Of several holders it is one that has a socket, and of these the one that started first: a
shell has none, and who copies a file does not hold it for long. Only root and the same user see what a process holds
open; where nobody is seen, nothing is said. A process is known by its number and its start. Where nobody is found it is
looked for once a minute, because that takes a look at every open file of the machine; ask while Chroma answers, and it
is found at once. Bytes; Unix time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from exporters.clocks import MACHINE, Clocks

_PROC = Path("/proc")
_LOOK_EVERY = 60.0
_STARTTIME = 19  # field 22 of /proc/PID/stat; the name before, in brackets, may hold anything
_RESIDENT = 1  # of /proc/PID/statm, in pages
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_GONE = (OSError, ValueError, IndexError)  # or hidden from us

Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Holder:
    """`opened`: the file that it had open when it was found. `ticks`: its start, as the kernel counts it."""

    pid: int
    ticks: int
    opened: Identity
    started: float

    def memory(self) -> int | None:
        with suppress(*_GONE):
            return int((_PROC / str(self.pid) / "statm").read_text().split()[_RESIDENT]) * _PAGE
        return None

    def lives(self) -> bool:
        return _started(self.pid) == self.ticks


class ChromaProcess:
    def __init__(self, database: Path, clocks: Clocks = MACHINE) -> None:
        self._database = database
        self._clocks = clocks
        self._holder: Holder | None = None
        self._due = 0.0

    def known(self) -> Holder | None:
        if self._holder is not None and not self._holder.lives():
            self._holder, self._due = None, 0.0
        return self._holder

    def found(self, wanted: Identity) -> Holder | None:
        """The one that is known, as long as it lives; else who has `wanted` open."""
        if self.known() is None and (now := self._clocks.since_boot()) >= self._due:
            self._due = now + _LOOK_EVERY
            self._holder = self._holder_of(wanted)
        return self._holder

    def identity(self) -> Identity | None:
        """Of what lies in the database's place; None when nothing does. Errors: OSError when that cannot be seen."""
        try:
            return _identity(self._database)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _holder_of(self, wanted: Identity) -> Holder | None:
        holders = [(not _serves(pid), ticks, pid) for pid in _holding(wanted) if (ticks := _started(pid)) is not None]
        if not holders:
            return None
        _, ticks, pid = min(holders)
        return Holder(pid, ticks, wanted, self._clocks.wall() - self._clocks.since_boot() + ticks / _TICKS)


def _holding(wanted: Identity) -> Iterator[int]:
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with suppress(*_GONE):
                if any(_is(descriptor, wanted) for descriptor in (folder / "fd").iterdir()):
                    yield int(folder.name)


def _serves(pid: int) -> bool:
    with suppress(*_GONE):
        return any(str(link.readlink()).startswith("socket:") for link in (_PROC / str(pid) / "fd").iterdir())
    return False


def _is(descriptor: Path, wanted: Identity) -> bool:
    with suppress(OSError):
        return _identity(descriptor) == wanted
    return False


def _identity(path: Path) -> Identity:
    found = path.stat()
    return found.st_dev, found.st_ino


def _started(pid: int) -> int | None:
    with suppress(*_GONE):
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
        return int(stat.rpartition(")")[2].split()[_STARTTIME])
    return None
