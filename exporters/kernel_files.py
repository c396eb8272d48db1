"""The small files in which Linux tells about itself, below a root that a test or a container may move.

A file that this kernel or machine does not have is `None`: unknown, no fault. One that is there and cannot be read or
understood is a SourceError whose text names the file. One that this user may not read costs a `KernelReading` only what
stands in it: it is unknown, and told at the end with what to do.
"""

import errno
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from exporters.source import READING_INTERVAL, PartError, SourceError
from ragpulse.metric import Sample

# ENODEV: the device went while we looked. EOPNOTSUPP: the file of a feature that was switched off at boot (psi=0).
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.EOPNOTSUPP})
_DENIED = frozenset({errno.EACCES, errno.EPERM})
_BEYOND_MEASURE = 2**128  # the kernel has 64 bits; a sum of them has a few more


class KernelFiles:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._missing: list[str] | None = None  # None: nothing may be missing

    @contextmanager
    def what_can_be_had(self) -> Iterator[None]:
        """Within it, what this user may not read is unknown. Errors: PartError at its end, when there was any."""
        self._missing = []
        yield
        if self._missing:
            others = f" (and {len(self._missing) - 1} more)" if self._missing[1:] else ""
            raise PartError(f"{self._missing[0]}{others}; run the agent as a user that may read it, as root may")

    def missing(self, path: Path, why: str) -> None:
        """What is at `path` is there, and not to be had by this user. Errors: SourceError where nothing may be."""
        if self._missing is None:
            raise SourceError(f"{path}: {why}")
        self._missing.append(f"{path}: {why}")

    def path(self, name: str) -> Path:
        return self._root / name

    def text(self, name: str, *, absent: Collection[int] = ()) -> str | None:
        """`absent`: further error numbers by which this file says that it has no value now."""
        path = self.path(name)
        try:
            # Mount points and device names are bytes of any kind; what is not UTF-8 must not cost the rest.
            return path.read_bytes().decode("utf-8", errors="surrogateescape")
        except OSError as error:
            if error.errno not in _ABSENT and error.errno not in absent:
                self._refuse(path, error)
            return None

    def number(self, name: str, *, absent: Collection[int] = ()) -> int | None:
        text = self.text(name, absent=absent)
        if text is None:
            return None
        with self.understood(name):
            return int(text)

    def count(self, name: str, *, absent: Collection[int] = ()) -> int | None:
        text = self.text(name, absent=absent)
        if text is None:
            return None
        with self.understood(name):
            return count(text)

    def names(self, name: str) -> list[str]:
        """What a folder holds, in order; nothing when there is no such folder."""
        path = self.path(name)
        try:
            return sorted(entry.name for entry in path.iterdir())
        except OSError as error:
            if error.errno not in _ABSENT:
                self._refuse(path, error)
            return []

    def exists(self, name: str) -> bool:
        path = self.path(name)
        try:
            path.stat()
        except OSError as error:
            if error.errno not in _ABSENT:
                self._refuse(path, error)
            return False
        return True

    def _refuse(self, path: Path, error: OSError) -> None:
        if error.errno not in _DENIED:
            raise SourceError(f"{path}: {error.strerror}") from error
        self.missing(path, f"{error.strerror}")

    def table(self, name: str) -> dict[str, int]:
        """Lines of a word and a number, as of vmstat; meminfo writes a colon after the word and kB after the number."""
        text = self.text(name)
        if text is None:
            return {}
        with self.understood(name):
            rows = [line.split() for line in text.splitlines()]
            return {row[0].rstrip(":"): count(row[1]) for row in rows}

    @contextmanager
    def understood(self, name: str) -> Iterator[None]:
        """Around the code that takes the content of `name` apart: what it stumbles over becomes a SourceError."""
        try:
            yield
        except (ValueError, LookupError) as error:
            raise SourceError(f"{self.path(name)}: has an unknown form ({error})") from error


def count(word: str) -> int:
    """What a counter or size can be: never below zero, nor beyond all measure. Errors: ValueError."""
    number = int(word)
    if not 0 <= number < _BEYOND_MEASURE:
        raise ValueError(f"{word[:40]!r} is no count")
    return number


class KernelReading(ABC):
    """What the sources of this kind share: their pace, where their files lie, and that each gives what can be had."""

    interval: float = READING_INTERVAL
    timeout: float = 3.0
    max_age: float | None = None

    def __init__(self, root: Path = Path("/")) -> None:
        self._files = KernelFiles(root)

    def read(self) -> Iterator[Sample]:
        with self._files.what_can_be_had():
            yield from self.readings()

    @abstractmethod
    def readings(self) -> Iterator[Sample]:
        """What `read` of any source gives, with the same errors."""
