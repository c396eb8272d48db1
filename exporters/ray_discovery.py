"""Which metrics pages does Ray list? Its discovery file, in the form of Prometheus' file_sd, in the head's temp folder.

Ray writes it anew every 5 s, changed or not, and leaves it behind when it ends: one that is older than `STALE_AFTER`
(seconds) tells of nothing. A dead node's page vanishes from it, by 17 s. What it names is only ever a port on a node
of the cluster file: an address that no node has is not asked.
"""

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STALE_AFTER = 30.0
MAX_TARGETS = 4000
_MAX_BYTES = 1024 * 1024
_MAX_PORT = 65535

Target = tuple[str, int]  # address, port


@dataclass(frozen=True, slots=True)
class Discovery:
    """`state`: of `catalogue.ray.DISCOVERY_STATES`; targets only when it is `present`."""

    state: str
    targets: frozenset[Target] = frozenset()


def read(file: Path, now: float) -> Discovery:
    """`now` in Unix time."""
    try:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > _MAX_BYTES:
            return Discovery("unreadable")  # nor is it opened: a pipe would keep us waiting
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return Discovery("missing")
    except OSError:
        return Discovery("unreadable")
    if now - about.st_mtime > STALE_AFTER:
        return Discovery("stale")
    try:
        return Discovery("present", targets(json.loads(content)))
    except (ValueError, RecursionError):
        return Discovery("unreadable")


def targets(listed: Any) -> frozenset[Target]:
    """Errors: ValueError for another form."""
    try:
        found = [_target(text) for group in listed for text in group["targets"]]
    except (TypeError, LookupError):
        raise ValueError("is not in the form of file_sd") from None
    if len(found) > MAX_TARGETS:
        raise ValueError(f"has more than {MAX_TARGETS} targets")
    return frozenset(found)


def _target(text: object) -> Target:
    address, colon, port = text.rpartition(":") if isinstance(text, str) else ("", "", "")
    if not colon or not port.isascii() or not port.isdigit() or not 0 < len(port) <= len(str(_MAX_PORT)):
        raise ValueError("lists what is no address and port")
    if not 0 < int(port) <= _MAX_PORT:
        raise ValueError("lists a port that is none")
    return address.strip("[]"), int(port)
