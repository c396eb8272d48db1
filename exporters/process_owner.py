"""Whose is a process: a container's, a systemd unit's, or of a program by its name? Source: /proc/PID/cgroup and comm.

The cgroup says it first: its innermost part with an id of 64 hex digits is a container of Docker, Podman, containerd or
CRI-O, under cgroup v1 and v2, whatever stands around the id; else its innermost service is the unit. A scope, of a
login or a terminal, has a name of its own each time, and what runs in one goes by its program, as does everything else.
The command line is never read: it holds secrets. A program may call itself anything, so what a name may hold is bounded
here. What this user may not see (hidepid, another PID namespace) and what has just ended is `unknown`; no fault.
"""

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exporters.kernel_files import KernelFiles

UNKNOWN = "unknown"
_CONTAINER = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_USER_MANAGER = re.compile(r"user@\d+\.service")  # holds all that a user runs, and is no answer to "who"
_LONGEST_NAME = 100
# EACCES, EPERM: hidden from this user. ESRCH: it ended between opening and reading.
_GONE_OR_HIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.ESRCH})


@dataclass(frozen=True, slots=True)
class Owner:
    """`kind`: container, unit or process; `name`: the whole id, the unit with its suffix, or the program."""

    kind: str
    name: str


class ProcessOwners:
    def __init__(self, root: Path = Path("/")) -> None:
        self._files = KernelFiles(root)

    def of(self, pid: int) -> Owner:
        """Errors: SourceError for what is neither gone nor hidden and still cannot be read."""
        cgroup = self._files.text(f"proc/{pid}/cgroup", absent=_GONE_OR_HIDDEN)
        owner = None if cgroup is None else owner_in(cgroup)
        if owner is not None:
            return owner
        program = self._files.text(f"proc/{pid}/comm", absent=_GONE_OR_HIDDEN)
        return Owner("process", readable(program or ""))


def owner_in(cgroup: str) -> Owner | None:
    """`cgroup`: the content of the file; None when it names neither container nor unit."""
    paths = list(_paths(cgroup))
    for path in paths:
        if ids := _CONTAINER.findall(path):
            return Owner("container", ids[-1])
    for path in paths:
        if (unit := _unit(path)) is not None:
            return Owner("unit", readable(unit))
    return None


def readable(name: str) -> str:
    """Bounded, on one line, and never empty."""
    shown = "".join(character if character.isprintable() else "?" for character in name.strip())
    return shown[:_LONGEST_NAME] or UNKNOWN


def _paths(cgroup: str) -> Iterator[str]:
    for line in cgroup.splitlines():
        _, _, path = line.partition(":")[2].partition(":")
        yield path


def _unit(path: str) -> str | None:
    """The innermost service, which may have cgroups of its own below it. Beyond a slice, it would be only a manager."""
    for part in reversed(path.split("/")):
        if part.endswith(".slice") or _USER_MANAGER.fullmatch(part):
            return None
        if part.endswith(".service"):
            return part
    return None
