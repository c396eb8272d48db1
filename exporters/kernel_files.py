"""The small files in which Linux tells about itself, below a root that a test or a container may move.

A file that this kernel or machine does not have is `None`: unknown, no fault. One that is there and cannot be read or
understood is a SourceError whose text names the file.
"""

import errno
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from exporters.source import READING_INTERVAL, SourceError

# ENODEV: the device went while we looked. EOPNOTSUPP: the file of a feature that was switched off at boot (psi=0).
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.EOPNOTSUPP})


class KernelFiles:
    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, name: str) -> Path:
        return self._root / name

    def text(self, name: str, *, absent: Collection[int] = ()) -> str | None:
        """`absent`: further error numbers by which this file says that it has no value now."""
        path = self.path(name)
        try:
            # Mount points and device names are bytes of any kind; what is not UTF-8 must not cost the rest.
            return path.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            if error.errno in _ABSENT or error.errno in absent:
                return None
            raise SourceError(f"{path}: {error.strerror}") from error

    def number(self, name: str, *, absent: Collection[int] = ()) -> int | None:
        text = self.text(name, absent=absent)
        if text is None:
            return None
        with self.understood(name):
            return int(text)

    def names(self, name: str) -> list[str]:
        """What a folder holds, in order; nothing when there is no such folder."""
        path = self.path(name)
        try:
            return sorted(entry.name for entry in path.iterdir())
        except OSError as error:
            if error.errno in _ABSENT:
                return []
            raise SourceError(f"{path}: {error.strerror}") from error

    @contextmanager
    def understood(self, name: str) -> Iterator[None]:
        """Around the code that takes the content of `name` apart: what it stumbles over becomes a SourceError."""
        try:
            yield
        except (ValueError, LookupError) as error:
            raise SourceError(f"{self.path(name)}: has an unknown form ({error})") from error


class KernelReading:
    """What the sources of this kind share: their pace, and where their files lie."""

    interval: float = READING_INTERVAL
    timeout: float = 3.0
    max_age: float | None = None

    def __init__(self, root: Path = Path("/")) -> None:
        self._files = KernelFiles(root)
