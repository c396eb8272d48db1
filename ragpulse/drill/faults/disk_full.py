"""The disk of ChromaDB's data is full: a small file system of its own, in a file, that only root can mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragpulse.demo.cluster import chroma_data
from ragpulse.drill.capability import Capability, lacks
from ragpulse.drill.fault import Fault
from ragpulse.drill.rig import Rig
from ragpulse.errors import RagpulseError

_SIZE = 256 * 1024**2
_LEFT = 4 * 1024**2


@contextmanager
def _prepared(state: Path) -> Iterator[None]:
    """Errors: RagpulseError where this machine mounts nothing."""
    image, place = state / "data" / "small-disk", chroma_data(state)
    place.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(_SIZE)
    _run("mkfs.ext4", "-q", str(image))
    _run("mount", "-o", "loop", str(image), str(place))
    try:
        # Or it would be a folder that no collection uses.
        (place / "lost+found").rmdir()
        yield
    finally:
        _run("umount", str(place))
        image.unlink()


@contextmanager
def _broken(rig: Rig) -> Iterator[None]:
    place = chroma_data(rig.state.folder)
    filling = place / "filling"
    free = os.statvfs(place)
    try:
        with filling.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - _LEFT)
        yield
    finally:
        filling.unlink(missing_ok=True)


def _run(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise RagpulseError(f"disk-full: {words[0]} is not installed here") from error
    if done.returncode:
        raise RagpulseError(f"disk-full: `{' '.join(words)}` says: {done.stderr.strip()}")


FAULT = Fault(
    "disk-full",
    "the disk of ChromaDB's data is full",
    _broken,
    "ChromaDiskFull",
    refused=lambda: lacks(Capability.SYS_ADMIN, "mount the small file system that is filled"),
    prepared=_prepared,
)
