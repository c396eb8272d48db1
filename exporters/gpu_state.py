"""Has this node GPUs, and can they be read? Source: NVML through nvidia-ml-py, and the PCI bus as a witness.

`none`: nothing of NVIDIA's to be read here, a fact and no fault. `unavailable`: there is a device, or the driver says
so, and it cannot be read; the reason is the name that NVML gives the error. NVML is opened and closed at each run, so
that a driver or library that comes later is seen. Errors: none of its own; what NVML reports is the reading.
"""

import importlib
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporters.kernel_files import KernelFiles
from ragpulse.catalogue.gpu import DEVICES, STATE, STATES, UNAVAILABLE
from ragpulse.metric import Metric, Sample, one_of

_INTERVAL = 30.0  # opening NVML can wake a sleeping GPU, and drivers come and go seldom
_PCI = "sys/bus/pci/devices"
_NVIDIA = "0x10de"
_DISPLAY_CLASSES = ("0x0300", "0x0302")  # graphics adapters and those without an output; not NVIDIA's sound or bridges
_LIBRARY_MISSING = "library_not_found"
# What NVML also says on a machine without any GPU, on which only the library is installed.
_SAYS_NOTHING_OF_DEVICES = frozenset({_LIBRARY_MISSING, "driver_not_loaded"})


@dataclass(frozen=True, slots=True)
class _Found:
    devices: int | None = None
    reason: str | None = None


def nvml_module() -> Any:
    return importlib.import_module("pynvml")


class GpuState:
    name: str = "gpu_state"
    interval: float = _INTERVAL
    timeout: float = 10.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (STATE, DEVICES, UNAVAILABLE)

    def __init__(
        self, *, disabled: bool = False, nvml: Callable[[], Any] = nvml_module, root: Path = Path("/")
    ) -> None:
        self._disabled = disabled
        self._nvml = nvml
        self._files = KernelFiles(root)

    def read(self) -> Iterator[Sample]:
        found = _Found() if self._disabled else self._look()
        yield from one_of(STATE, "state", STATES, self._state(found))
        if found.devices is not None:
            yield DEVICES(found.devices)
        if found.reason is not None:
            yield UNAVAILABLE(1, reason=found.reason)

    def _state(self, found: _Found) -> str:
        if self._disabled:
            return "disabled"
        if found.reason is not None:
            return "unavailable"
        return "ready" if found.devices else "none"

    def _look(self) -> _Found:
        try:
            nvml = self._nvml()
        except ImportError:
            return self._without_driver(_LIBRARY_MISSING)
        try:
            nvml.nvmlInit()
        except nvml.NVMLError as error:
            reason = _reason(error)
            return self._without_driver(reason) if reason in _SAYS_NOTHING_OF_DEVICES else _Found(reason=reason)
        try:
            return _devices(nvml)
        finally:
            with suppress(nvml.NVMLError):  # a GPU that was lost meanwhile; what was found stands
                nvml.nvmlShutdown()

    def _without_driver(self, reason: str) -> _Found:
        return _Found(reason=reason) if self._on_the_bus() else _Found(devices=0)

    def _on_the_bus(self) -> bool:
        for device in self._files.names(_PCI):
            vendor = self._files.text(f"{_PCI}/{device}/vendor") or ""
            kind = self._files.text(f"{_PCI}/{device}/class") or ""
            if vendor.strip() == _NVIDIA and kind.startswith(_DISPLAY_CLASSES):
                return True
        return False


def _devices(nvml: Any) -> _Found:
    """NVML counts devices that it will not let us open, too."""
    count: int | None = None
    try:
        count = nvml.nvmlDeviceGetCount()
        for index in range(count):
            nvml.nvmlDeviceGetHandleByIndex(index)
    except nvml.NVMLError as error:
        return _Found(count, _reason(error))
    return _Found(count)


def _reason(error: Exception) -> str:
    """`NVMLError_DriverNotLoaded` → `driver_not_loaded`."""
    word = type(error).__name__.removeprefix("NVMLError").lstrip("_")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower() or "unknown"
