"""The system refuses to write where a command has to: which file, why, how much room is left, what to do?

Exit status 1 where room has to be made, 2 where the folder is no place to write to.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragpulse.errors import RagpulseError

_NO_ROOM = {
    errno.ENOSPC: "no space left",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "files may not become as large (ulimit -f)",
}
_NO_PLACE = frozenset(
    {
        errno.EACCES,
        errno.EEXIST,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,  # the kernel makes nothing below /proc
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)


class NoRoomError(RagpulseError):
    """The disk is full."""


class NoPlaceError(RagpulseError):
    """Nothing can be written there, or not by this user."""

    exit_code = 2


@contextmanager
def told(folder: Path, setting: str) -> Iterator[None]:
    """Around what works in `folder`, which `setting` names. Errors: NoRoomError, NoPlaceError; as they are all others,
    also those that name no file or one elsewhere.
    """
    try:
        yield
    except OSError as error:
        file = Path(error.filename or "")
        if not error.filename or not (file.is_relative_to(folder) or folder.is_relative_to(file)):
            raise
        if error.errno in _NO_ROOM:
            raise NoRoomError(
                f"{file}: {_NO_ROOM[error.errno]} ({_free(file)}): make room there, "
                f"or name a folder on another disk with {setting}"
            ) from error
        if error.errno in _NO_PLACE:
            raise NoPlaceError(
                f"{file}: {error.strerror}: name a folder that you can write to with {setting}, or put this right"
            ) from error
        raise


def _free(file: Path) -> str:
    """Of the disk on which `file` is, or would be."""
    there = next(folder for folder in (file.absolute(), *file.absolute().parents) if folder.exists())
    disk = os.statvfs(there)
    if disk.f_files and not disk.f_favail:
        return "no more files fit on this disk, whatever their size"
    return f"{disk.f_bavail * disk.f_frsize / 1_000_000:.1f} MB are free"
