"""How full are the file systems? Source: statvfs of each real mount; bytes.

Two sources share this class, one for local and one for remote file systems: a file server that does not answer hangs
`statvfs`, and must cost only what lies on it. A file system that answers with an error is shown as unreadable; one that
is out of our sight (not in our name space, or its owner's alone) has no sample. Nor has one that this user may not
reach, and that is told.
"""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from exporters.kernel_files import KernelReading
from exporters.mounts import real_mounts
from ragpulse.catalogue.node import (
    FILESYSTEM_AVAILABLE,
    FILESYSTEM_INODES_FREE,
    FILESYSTEM_READONLY,
    FILESYSTEM_SIZE,
    FILESYSTEM_UNREADABLE,
)
from ragpulse.metric import Metric, Sample

_OUT_OF_SIGHT = frozenset({errno.ENOENT, errno.ENOTDIR})
_DENIED = frozenset({errno.EACCES, errno.EPERM})


class NodeFilesystem(KernelReading):
    emits: tuple[Metric, ...] = (
        FILESYSTEM_SIZE,
        FILESYSTEM_AVAILABLE,
        FILESYSTEM_INODES_FREE,
        FILESYSTEM_READONLY,
        FILESYSTEM_UNREADABLE,
    )

    def __init__(
        self,
        root: Path = Path("/"),
        *,
        remote: bool = False,
        statvfs: Callable[[Path], os.statvfs_result] = os.statvfs,
    ) -> None:
        super().__init__(root)
        self.name = "node_filesystem_remote" if remote else "node_filesystem"
        self._remote = remote
        self._statvfs = statvfs

    def readings(self) -> Iterator[Sample]:
        for mount in real_mounts(self._files):
            if mount.remote != self._remote:
                continue
            labels = {"mountpoint": mount.mountpoint, "fstype": mount.fstype}
            path = self._files.path(mount.mountpoint.lstrip("/"))
            try:
                found = self._statvfs(path)
            except OSError as error:
                if error.errno in _DENIED:
                    if not mount.of_its_owner:
                        self._files.missing(path, f"{error.strerror}")
                elif error.errno not in _OUT_OF_SIGHT:
                    yield FILESYSTEM_UNREADABLE(1, **labels)
                continue
            yield FILESYSTEM_UNREADABLE(0, **labels)
            yield FILESYSTEM_SIZE(found.f_blocks * found.f_frsize, **labels)
            yield FILESYSTEM_AVAILABLE(found.f_bavail * found.f_frsize, **labels)
            yield FILESYSTEM_READONLY(mount.readonly, **labels)
            if found.f_files:  # btrfs and most servers have no fixed number of inodes and say 0 of 0
                yield FILESYSTEM_INODES_FREE(found.f_ffree, **labels)
