"""Which NVIDIA GPUs does the kernel see, whatever NVML says? A witness for a GPU that NVML cannot or does not yet show.

Source: the PCI bus in /sys, and the list of the driver's devices in /proc. Errors: SourceError for what cannot be read.
"""

from pathlib import Path

from exporters.kernel_files import KernelFiles

_PCI = "sys/bus/pci/devices"
_OF_THE_DRIVER = "proc/driver/nvidia/gpus"
_NVIDIA = "0x10de"
_DISPLAY_CLASSES = ("0x0300", "0x0302")  # graphics adapters and those without an output; not NVIDIA's sound or bridges


class GpuBus:
    def __init__(self, root: Path) -> None:
        self._files = KernelFiles(root)
        self._devices: list[str] | None = None
        self._gpus: frozenset[str] = frozenset()

    def gpus(self) -> frozenset[str]:
        """Addresses of the devices on the bus, as the kernel writes them."""
        devices = self._files.names(_PCI)
        if devices != self._devices:
            # What a device is stands fixed, so it is read only when one came or went.
            self._gpus = frozenset(device for device in devices if self._is_gpu(device))
            self._devices = devices
        return self._gpus

    def of_the_driver(self) -> frozenset[str]:
        """Those that the driver has taken on: later than they come, and sometimes anew without their having gone."""
        return frozenset(self._files.names(_OF_THE_DRIVER))

    def _is_gpu(self, device: str) -> bool:
        vendor = self._files.text(f"{_PCI}/{device}/vendor") or ""
        kind = self._files.text(f"{_PCI}/{device}/class") or ""
        return vendor.strip() == _NVIDIA and kind.startswith(_DISPLAY_CLASSES)
