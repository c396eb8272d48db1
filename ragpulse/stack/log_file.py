"""Where the output of a process goes: appended to one file, which is put aside once it is large."""

from pathlib import Path
from typing import BinaryIO

_LARGE = 10 * 1024 * 1024  # bytes; looked at when a process starts
_TAIL_BYTES = 8192


def opened(file: Path) -> BinaryIO:
    """Unbuffered and appending. One earlier file is kept, as `<name>.log.1`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.stat().st_size > _LARGE:
        file.replace(file.with_name(f"{file.name}.1"))
    return file.open("ab", buffering=0)


def last_lines(file: Path, count: int) -> list[str]:
    """For people; nothing when there is no such file."""
    if not file.exists():
        return []
    with file.open("rb") as opened_file:
        opened_file.seek(max(0, file.stat().st_size - _TAIL_BYTES))
        text = opened_file.read().decode(errors="replace")
    return text.splitlines()[-count:]
