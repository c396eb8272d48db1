"""What lies in Chroma's data folder, and in which form does it keep its data? By names and `stat` alone.

Since 0.4 it is one SQLite file and a folder for each vector index, named by a UUID (of the segment, not of the
collection). Before, it was DuckDB and Parquet: such files may still lie there, used by nobody. Nothing is opened here:
closing a file would take the locks away that this process holds on it elsewhere. Bytes, Unix time. What goes away
between two looks was about to. Errors: SourceError for a folder that cannot be listed.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from exporters.source import SourceError
from ragpulse.catalogue.chroma import DATA_KINDS

DATABASE = "chroma.sqlite3"
UNKNOWN_STORAGE = "unknown"
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_BESIDE = frozenset({f"{DATABASE}-journal", f"{DATABASE}-wal", f"{DATABASE}-shm"})
_BEFORE_04 = re.compile(r"chroma-(?:collections|embeddings)\.parquet|.*\.duckdb(?:\.wal)?|index")


@dataclass(slots=True)
class ChromaFiles:
    """sizes: kind → bytes, all kinds. indexes: name of a folder → its bytes. changed: None without a database."""

    sizes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DATA_KINDS, 0))
    indexes: dict[str, int] = field(default_factory=dict)
    changed: float | None = None


def files(folder: Path) -> ChromaFiles | None:
    """None where there is no such folder."""
    if (entries := _listed(folder)) is None:
        return None
    found = ChromaFiles()
    for entry in entries:
        with suppress(FileNotFoundError):
            size = _size(entry)
            kind = _kind(entry)
            found.sizes[kind] += size
            if kind == "hnsw":
                found.indexes[entry.name] = size
            elif kind == "sqlite" and entry.is_file():
                found.changed = entry.stat().st_mtime
    return found


def storage(folder: Path) -> str:
    """By what lies there, whatever anybody believes of its version."""
    kinds = {_kind(entry) for entry in _listed(folder) or ()}
    if "sqlite" in kinds:
        return "sqlite+hnsw" if "hnsw" in kinds else "sqlite"
    return "duckdb+parquet" if "leftover" in kinds else UNKNOWN_STORAGE


def _listed(folder: Path) -> list[os.DirEntry[str]] | None:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SourceError(f"{folder}: {error.strerror}; the agent must be able to list it") from error


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.name == DATABASE:
        return "sqlite"
    if entry.name in _BESIDE:
        return "wal"
    if _UUID.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
        return "hnsw"
    return "leftover" if _BEFORE_04.fullmatch(entry.name) else "other"


def _size(entry: os.DirEntry[str]) -> int:
    """Of a file, or of the files in a folder and below."""
    if not entry.is_dir(follow_symlinks=False):
        return entry.stat(follow_symlinks=False).st_size
    total = 0
    for place, _, names in os.walk(entry.path, onerror=_refused):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - many files, made of text alone
    return total


def _refused(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise SourceError(f"{error.filename}: {error.strerror}; the agent must be able to list it") from error
