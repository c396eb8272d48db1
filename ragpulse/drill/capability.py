"""What the kernel lets this process do: root in a container may lack what root has. Source: /proc/self/status."""

from enum import IntEnum
from pathlib import Path


class Capability(IntEnum):
    """Its bit, as linux/capability.h has it."""

    NET_ADMIN = 12
    SYS_ADMIN = 21


def lacks(capability: Capability, what: str) -> str | None:
    """Why `what` cannot be done, where it cannot."""
    status = Path("/proc/self/status").read_text()
    held = int(next(line for line in status.splitlines() if line.startswith("CapEff:")).split()[1], 16)
    return None if held >> capability & 1 else f"needs root with CAP_{capability.name}, to {what}"
