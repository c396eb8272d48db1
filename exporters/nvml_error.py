"""What an error of NVML means to us: no value, a GPU that is lost, or a driver that is not the one we opened.

An error goes by the name that NVML gives it, as its binding writes it: `NVMLError_DriverNotLoaded`.
"""

import re

from exporters.source import SourceError

LIBRARY_MISSING = "library_not_found"
# What a card, a driver or this user cannot be asked: no value, and no fault.
ABSENT = frozenset(
    {"not_supported", "function_not_found", "deprecated", "no_permission", "invalid_argument", "no_data",
     "argument_version_mismatch", "not_ready", "gpu_not_found"}
)  # fmt: skip
OUTLIVED = "lib_rm_version_mismatch"
# After these nothing that was opened is worth anything: the driver went, or another came.
BROKEN = frozenset({"uninitialized", "driver_not_loaded", OUTLIVED})
LOST = frozenset({"gpu_is_lost", "reset_required"})


class NvmlError(SourceError):
    """`reason`: as of `reason_of`."""

    def __init__(self, reason: str, call: str) -> None:
        super().__init__(f"NVML says {reason} to {call}")
        self.reason = reason


def reason_of(error: Exception) -> str:
    """`NVMLError_DriverNotLoaded` → `driver_not_loaded`."""
    word = type(error).__name__.removeprefix("NVMLError").lstrip("_")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower() or "unknown"
