"""Where the output of a process goes: appended to one file, which is put aside once it is large.

One earlier file is kept, as `<name>.log.1`.
"""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

LARGE = 10 * 1024 * 1024  # bytes
_TAIL_BYTES = 8192


def opened(file: Path) -> BinaryIO:
    """Unbuffered and appending. Errors: OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.stat().st_size > LARGE:
        file.replace(_earlier(file))
    return file.open("ab", buffering=0)


def shorten(file: Path, limit: int) -> bool:
    """Empties a file of more than `limit` bytes while it is written; its newest `limit` bytes are kept beside it.

    Safe because every writer appends: the next line goes to the new end. What is written between the last look for
    more and the cut, a few microseconds, is lost; so is, of a file beyond the limit, its beginning. Errors: OSError.
    """
    if not file.exists() or file.stat().st_size <= limit:
        return False
    # First of all: on a full disk there is room again for what is to be kept.
    _earlier(file).unlink(missing_ok=True)
    with file.open("rb") as whole, _earlier(file).open("wb") as kept:
        whole.seek(-limit, os.SEEK_END)
        shutil.copyfileobj(whole, kept)
        kept.flush()
        os.truncate(file, 0)
    return True


def _earlier(file: Path) -> Path:
    return file.with_name(f"{file.name}.1")


def last_lines(file: Path, count: int) -> list[str]:
    """For people; nothing when there is no such file."""
    if not file.exists():
        return []
    with file.open("rb") as opened_file:
        opened_file.seek(max(0, file.stat().st_size - _TAIL_BYTES))
        text = opened_file.read(_TAIL_BYTES).decode(errors="replace")
    return text.splitlines()[-count:]
