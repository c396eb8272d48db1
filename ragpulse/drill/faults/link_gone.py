"""One network to a node is gone, and the node itself is reached by another: the kernel knows no way to that address."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from ragpulse.drill.capability import Capability, lacks
from ragpulse.drill.fault import Fault
from ragpulse.drill.rig import Rig
from ragpulse.errors import RagpulseError

# Loopback addresses have their ways in the kernel's own table.
_TABLE = ("table", "local")


def _refused() -> str | None:
    if shutil.which("ip") is None:
        return "`ip` of iproute2 is not installed"
    return lacks(Capability.NET_ADMIN, "take a way out of the kernel's table")


@contextmanager
def _broken(rig: Rig) -> Iterator[None]:
    way = ("unreachable", f"{rig.places.fast('gamma')}/32", *_TABLE)
    _ip("route", "add", *way)
    try:
        yield
    finally:
        _ip("route", "del", *way)


def _ip(*words: str) -> None:
    done = subprocess.run(("ip", *words), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RagpulseError(f"link-gone: `ip {' '.join(words)}` says: {done.stderr.strip()}")


FAULT = Fault(
    "link-gone",
    "the second network to a node is gone, the first is well",
    _broken,
    "PeerUnreachable",
    severity="ticket",
    refused=_refused,
)
