"""Which file systems hold real data? Source: mountinfo of process 1 (the machine's), else our own.

One mount per device, the one nearest to the root; kept are disks and file servers, left out what lives in memory, is
an image, or belongs to a container. Errors: SourceError for a line that cannot be understood.
"""

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass

from exporters.kernel_files import KernelFiles

# A service manager may show a service the machine's disks as read-only; process 1 sees them as they are.
_FILES = ("proc/1/mountinfo", "proc/self/mountinfo")
_HIDDEN = (errno.EACCES, errno.EPERM)
_NO_DATA = frozenset({"autofs", "erofs", "iso9660", "overlay", "squashfs", "tmpfs", "udf"})
_NO_DATA_FUSE = frozenset({"fuse.snapfuse", "fuse.squashfuse"})
_NAMED_BY_TAG = frozenset({"zfs", "virtiofs"})  # their source is neither a path nor host:/path
_OTHERS = re.compile(r"/(dev|etc|proc|run|sys|var/lib/(docker|containers|kubelet))/")
_REMOTE = frozenset({"9p", "afs", "beegfs", "ceph", "cifs", "glusterfs", "lustre", "nfs", "nfs4", "smb3"})
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """`part`: the folder of the file system that is mounted, `/` for all of it."""

    device: str
    part: str
    mountpoint: str
    fstype: str
    source: str
    readonly: bool

    @property
    def remote(self) -> bool:
        """Whether another machine or program must answer before we learn anything, so that asking may hang."""
        return self.fstype in _REMOTE or self.of_its_owner

    @property
    def of_its_owner(self) -> bool:
        """Whether nobody but who mounted it may look at it, not even root."""
        return self.fstype.startswith("fuse.")

    def holds_data(self) -> bool:
        return (
            self.fstype not in _NO_DATA | _NO_DATA_FUSE
            and not _OTHERS.match(self.mountpoint)
            and (self.source.startswith("/") or ":/" in self.source or self.fstype in _NAMED_BY_TAG)
        )


def real_mounts(files: KernelFiles) -> list[Mount]:
    """In the order of their mount points; none when the kernel does not tell."""
    visible = {mount.mountpoint: mount for mount in _mounts(files)}  # a later mount hides an earlier one below it
    nearest: dict[str, Mount] = {}
    for mount in sorted(visible.values(), key=lambda m: (m.part != "/", len(m.mountpoint), m.mountpoint)):
        if mount.holds_data():
            nearest.setdefault(mount.device, mount)
    return sorted(nearest.values(), key=lambda m: m.mountpoint)


def _mounts(files: KernelFiles) -> Iterator[Mount]:
    for name in _FILES:
        text = files.text(name, absent=_HIDDEN)
        if text is not None:
            with files.understood(name):
                # A name may hold any other kind of line end; only this one is the kernel's.
                yield from [_mount(line) for line in text.split("\n") if line]
            return


def _mount(line: str) -> Mount:
    where, what = line.split(" - ", 1)
    _, _, device, part, mountpoint, options, *_ = where.split(" ")
    fstype, source, super_options = what.split(" ", 2)
    # A disk that failed is made read-only as a whole; the options of the single mount still say rw then.
    readonly = "ro" in options.split(",") or "ro" in super_options.split(",")
    return Mount(device, _plain(part), _plain(mountpoint), fstype, _plain(source), readonly)


def _plain(word: str) -> str:
    """The kernel writes a blank as a backslash and 040."""
    name = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), word)
    if "\0" in name:
        raise ValueError(f"{name!r} cannot be a path")
    return name
