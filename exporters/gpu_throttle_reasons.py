"""What can hold clocks back, and under which names the driver counts or flags it.

The reasons are those that nvidia-smi counts. Left out are limits that belong to normal work: low utilisation, the
voltage that every boost ends at (reliability), and the board limit, which stands beside the power cap.
"""

import re
from dataclasses import dataclass

from exporters.nvml_gpu import Gpu

_THERMAL_POLICY = 75  # the older counter of software's thermal slowdown


@dataclass(frozen=True, slots=True)
class Reason:
    """`flag`: its bit of nvmlDeviceGetCurrentClocksEventReasons. `policy`: its nvmlPerfPolicyType_t, if it has one."""

    name: str
    flag: int
    policy: int | None = None


REASONS = (
    Reason("power_cap", 0x4, policy=0),
    Reason("sync_boost", 0x10, policy=2),
    Reason("sw_thermal", 0x20, policy=1),
    Reason("hw_thermal", 0x40),
    Reason("power_brake", 0x80),
)


def counter_fields(gpu: Gpu) -> dict[str, tuple[int, ...]]:
    """By reason the fields that count it, in nanoseconds; the first that is answered counts."""
    sw_thermal, hw_thermal, power_brake = _renumbered(_driver(gpu))
    return {
        "power_cap": (74,),
        "sync_boost": (76,),
        "sw_thermal": (*sw_thermal, _THERMAL_POLICY),
        "hw_thermal": hw_thermal,
        "power_brake": power_brake,
    }


def _renumbered(driver: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """NVML 575 gave these three the numbers of power smoothing, and CUDA 13.0 Update 1 (driver 580.82) took them back
    and gave them new ones: under a number of the other kind, a driver answers with something else.
    """
    if driver >= (580, 82):
        return (269,), (270,), (271,)
    return ((251,), (252,), (253,)) if driver >= (575,) else ((), (), ())


def _driver(gpu: Gpu) -> tuple[int, ...]:
    """580.65.06 → (580, 65, 6). A driver that does not say is taken for an old one."""
    return tuple(int(part) for part in re.findall(r"\d+", str(gpu.nvml.ask("SystemGetDriverVersion") or "")))
