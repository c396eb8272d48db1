"""A secret is the one line of a file that few may read.

In a container the runtime mounts secrets with mode 0444 into a place of that container alone; their mode says nothing.
"""

import os
import stat
from pathlib import Path

MAX_BYTES = 4096  # a secret file is one line; a device or a log named by mistake must not be read whole
CONTAINER_SECRETS = Path("/run/secrets")


def secret_in(content: bytes) -> str:
    """Errors: ValueError, whose text says what is wrong and nothing of the content."""
    try:
        secret = content.decode("ascii").strip()
    except UnicodeDecodeError:
        raise ValueError("is not ASCII text") from None
    if not secret:
        raise ValueError("is empty; it must hold the secret")
    if not secret.isprintable() or len(content) > MAX_BYTES:
        raise ValueError("must hold the secret on one line and nothing else")
    return secret


def read(file: Path) -> str:
    """Errors: OSError; ValueError as `secret_in`."""
    with file.open("rb") as opened:
        return secret_in(opened.read(MAX_BYTES + 1))


def is_open_to_all(file: Path, container_secrets: Path = CONTAINER_SECRETS) -> bool:
    """May every user of this machine read or change it? Not where a folder above it keeps them out. Errors: OSError."""
    real = file.resolve(strict=True)
    if not real.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH) or _is_mounted(real, container_secrets):
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in real.parents)


def _is_mounted(file: Path, below: Path) -> bool:
    """By itself, or with the folder of secrets."""
    places = (file, *file.parents)
    return below in places and any(os.path.ismount(place) for place in places[: places.index(below) + 1])
