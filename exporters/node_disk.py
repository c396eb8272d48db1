"""What do the disks move, and how busy are they? Source: /proc/diskstats and /sys/block; bytes and seconds.

Only what the data ends up on: no partitions, no memory or loop devices, none that stands on other disks (RAID, LVM,
encryption), so that a sum over devices counts each byte once. Errors: SourceError for a file that cannot be understood.
"""

import re
from collections.abc import Iterator

from exporters.kernel_files import KernelReading, count
from ragpulse.catalogue.node import DISK_BUSY, DISK_READ, DISK_WRITTEN
from ragpulse.metric import Metric, Sample

_SECTOR_BYTES = 512  # of /proc/diskstats, whatever the disk's own sectors
_NO_DISK = re.compile(r"(loop|ram|zram|fd|sr)\d+")


class NodeDisk(KernelReading):
    name: str = "node_disk"
    emits: tuple[Metric, ...] = (DISK_READ, DISK_WRITTEN, DISK_BUSY)

    def readings(self) -> Iterator[Sample]:
        name = "proc/diskstats"
        text = self._files.text(name)
        if text is None:
            return
        disks = {device for device in self._files.names("sys/block") if self._is_disk(device)}
        for line in text.splitlines():
            with self._files.understood(name):
                _, _, device, *fields = line.split()
                if device.replace("/", "!") not in disks:  # sysfs writes cciss/c0d0 as cciss!c0d0
                    continue
                sectors_read, sectors_written, busy_ms = (count(fields[index]) for index in (2, 6, 9))
            yield DISK_READ(sectors_read * _SECTOR_BYTES, device=device)
            yield DISK_WRITTEN(sectors_written * _SECTOR_BYTES, device=device)
            yield DISK_BUSY(busy_ms / 1000, device=device)

    def _is_disk(self, device: str) -> bool:
        """`size` 0: an empty card reader, a network block device that is not connected."""
        folder = f"sys/block/{device}"
        return (
            not _NO_DISK.fullmatch(device)
            and self._files.number(f"{folder}/size") != 0
            and not self._files.names(f"{folder}/slaves")
        )
