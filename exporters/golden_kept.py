"""The golden set that a canary of Chroma asks, kept in memory: worked out once, or read anew when its file changes.

Errors: SourceError for a golden file that cannot be used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exporters.source import SourceError
from ragpulse import golden_file
from ragpulse.golden import Golden, own

if TYPE_CHECKING:
    from ragpulse.services import ChromaCanary

_Version = tuple[int, int, int]


class GoldenKept:
    def __init__(self, canary: ChromaCanary) -> None:
        self._file = None if canary.golden_file is None else Path(canary.golden_file)
        self._collection = canary.collection
        self._version: _Version | None = None
        self._kept: Golden | None = None

    def now(self) -> Golden:
        version = None if self._file is None else _version(self._file)
        if self._kept is None or version != self._version:
            self._kept = own() if self._file is None else self._read(self._file)
            self._version = version
        return self._kept

    def _read(self, file: Path) -> Golden:
        try:
            return golden_file.read(file, self._collection)
        except golden_file.GoldenFileError as error:
            raise SourceError(str(error)) from error


def _version(file: Path) -> _Version:
    try:
        found = file.stat()
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror}; `ragpulse canary golden` makes it") from error
    return found.st_ino, found.st_mtime_ns, found.st_size
