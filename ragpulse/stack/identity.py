"""Which process is it, really? A pid comes back after its owner has gone; pid and start time together do not.

A process of a stack is known by the environment variable that its supervisor gave it, never by its name.
Source: /proc. A zombie counts as gone: it runs nothing and holds nothing. Processes of other users have no
readable environment and are therefore never ours.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

STATE_VARIABLE = "RAGPULSE_STATE_DIR"
_FIELDS_BEFORE_START = 19  # in /proc/<pid>/stat between the closing bracket of the name and the start time


@dataclass(frozen=True, slots=True)
class Identity:
    """`started` in clock ticks since boot: unlike a wall time, it does not move when the clock is set."""

    pid: int
    started: int

    def alive(self) -> bool:
        return started(self.pid) == self.started

    def belongs_to(self, state: Path) -> bool:
        """Alive, and started by the stack of this state folder (a copied folder names somebody else's process)."""
        return state_of(self.pid) == str(state) and self.alive()


def started(pid: int) -> int | None:
    """None when there is no such process, or only its zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[_FIELDS_BEFORE_START])


def identify(pid: int) -> Identity | None:
    ticks = started(pid)
    return None if ticks is None else Identity(pid, ticks)


def state_of(pid: int) -> str | None:
    """The state folder of the stack that a process belongs to; None for strangers and what may not be read."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    prefix = f"{STATE_VARIABLE}=".encode()
    for entry in environment.split(b"\0"):
        if entry.startswith(prefix):
            return os.fsdecode(entry.removeprefix(prefix))
    return None


def members(state: Path) -> list[Identity]:
    """Every process of the stack of this state folder but ourselves and those who called us."""
    callers = _ourselves_and_callers()
    pids = (pid for pid in psutil.pids() if pid not in callers and state_of(pid) == str(state))
    return [identity for pid in pids if (identity := identify(pid))]


def _ourselves_and_callers() -> set[int]:
    callers, pid = set(), os.getpid()
    while pid > 0 and pid not in callers:
        callers.add(pid)
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            break
        pid = int(stat.rpartition(")")[2].split()[1])
    return callers
