"""Which file systems are watched, and how full they are."""

import errno
import os
from pathlib import Path

import pytest

from exporters.node_filesystem import NodeFilesystem
from exporters.source import PartError, SourceError
from tests.fakes.machine import Machine, shown

# The start of a real table: pseudo file systems, an overlay of a container, an image, and two disks.
MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684084k
27 1 259:2 / / rw,relatime shared:1 master:2 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
31 27 259:1 / /boot/efi rw,relatime shared:3 - vfat /dev/nvme0n1p1 rw,fmask=0077
40 27 0:50 / /var/lib/docker/overlay2/aa/merged rw,relatime - overlay overlay rw,lowerdir=/x
41 27 259:2 /var/lib/docker /mnt/bind rw,relatime - ext4 /dev/nvme0n1p2 rw
42 27 7:0 / /snap/core/1 ro,nodev - squashfs /dev/loop0 ro
43 27 0:60 / /mnt/models rw - autofs /etc/auto.models rw,fd=5
44 43 0:61 / /mnt/models rw,relatime - nfs4 files:/export/models rw,vers=4.2
45 27 0:62 / /home/op/cloud rw - fuse.sshfs op@cloud:/ rw
46 27 0:63 / /run/user/1000/doc rw - fuse.portal portal rw
47 27 0:64 / /sys/fs/bpf rw - bpf bpf rw
"""


def statvfs(*, blocks: int = 1000, available: int = 400, inodes: int = 100) -> os.statvfs_result:
    #                         bsize frsize blocks  bfree bavail     files   ffree favail flag namemax
    return os.statvfs_result((4096, 1024, blocks, 500, available, inodes, 60, 50, 0, 255))


def test_local_disks_are_read_once_each(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/1/mountinfo", MOUNTS)
    asked: list[Path] = []

    def ask(path: Path) -> os.statvfs_result:
        asked.append(path)
        return statvfs()

    found = shown(NodeFilesystem(tmp_path, statvfs=ask))
    assert asked == [tmp_path, tmp_path / "boot/efi"]
    root = 'mountpoint="/",fstype="ext4"'
    assert {key: value for key, value in found.items() if root in key} == {
        f"node_filesystem_unreadable{{{root}}}": 0,
        f"node_filesystem_size_bytes{{{root}}}": 1000 * 1024,
        f"node_filesystem_available_bytes{{{root}}}": 400 * 1024,
        f"node_filesystem_readonly{{{root}}}": 0,
        f"node_filesystem_inodes_free{{{root}}}": 60,
    }


def test_file_servers_are_read_apart_so_that_a_dead_one_hangs_no_disk(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/1/mountinfo", MOUNTS)
    source = NodeFilesystem(tmp_path, remote=True, statvfs=lambda _: statvfs(inodes=0))
    assert source.name == "node_filesystem_remote"
    found = shown(source)
    assert {key.split('"')[1] for key in found} == {"/mnt/models", "/home/op/cloud"}
    assert not any("inodes" in key for key in found), "a server without a number of inodes has no sample of them"


def test_the_table_of_process_1_counts_and_our_own_where_that_is_hidden(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write("proc/self/mountinfo", "27 1 259:2 / / ro - ext4 /dev/sda rw\n")
    assert shown(NodeFilesystem(tmp_path))['node_filesystem_readonly{mountpoint="/",fstype="ext4"}'] == 1
    machine.write("proc/1/mountinfo", "27 1 259:2 / / rw - ext4 /dev/sda rw\n")
    assert shown(NodeFilesystem(tmp_path))['node_filesystem_readonly{mountpoint="/",fstype="ext4"}'] == 0


@pytest.mark.parametrize(
    ("line", "readonly"),
    [
        pytest.param("27 1 8:1 / / rw,relatime - ext4 /dev/sda rw,errors=remount-ro", 0, id="written to"),
        pytest.param("27 1 8:1 / / ro,relatime - ext4 /dev/sda rw", 1, id="mounted read-only"),
        pytest.param("27 1 8:1 / / rw,relatime - ext4 /dev/sda ro", 1, id="made read-only after a disk error"),
    ],
)
def test_read_only_is_what_the_mount_or_the_disk_says(tmp_path: Path, line: str, readonly: float) -> None:
    Machine(tmp_path).write("proc/1/mountinfo", line + "\n")
    assert shown(NodeFilesystem(tmp_path))['node_filesystem_readonly{mountpoint="/",fstype="ext4"}'] == readonly


@pytest.mark.parametrize(
    ("line", "mountpoint"),
    [
        pytest.param(r"30 27 8:2 / /mnt/my\040disk\134x rw - xfs /dev/sdb rw", r"/mnt/my disk\\x", id="a blank"),
        pytest.param("30 27 0:40 /@ / rw - btrfs /dev/sdb rw,subvol=/@", "/", id="a part of a btrfs"),
        pytest.param("30 27 0:41 / /tank rw - zfs tank/data rw,xattr", "/tank", id="a zfs, whose source is no path"),
    ],
)
def test_awkward_mounts_are_found(tmp_path: Path, line: str, mountpoint: str) -> None:
    Machine(tmp_path).write("proc/1/mountinfo", line + "\n")
    found = shown(NodeFilesystem(tmp_path, statvfs=lambda _: statvfs()))
    assert {key.split('"')[1] for key in found} == {mountpoint}


def test_a_mount_over_another_hides_it(tmp_path: Path) -> None:
    lines = "30 27 8:2 / /data rw - xfs /dev/sdb rw\n31 27 8:3 / /data rw - ext4 /dev/sdc rw\n"
    Machine(tmp_path).write("proc/1/mountinfo", lines)
    assert all('fstype="ext4"' in key for key in shown(NodeFilesystem(tmp_path, statvfs=lambda _: statvfs())))


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param(errno.EIO, [1.0], id="a broken disk is unreadable"),
        pytest.param(errno.ESTALE, [1.0], id="a file server that lost its export is unreadable"),
        pytest.param(errno.ENOENT, [], id="a mount outside our name space is unknown"),
    ],
)
def test_a_file_system_that_does_not_answer(tmp_path: Path, number: int, expected: list[float]) -> None:
    Machine(tmp_path).write("proc/1/mountinfo", "30 27 8:2 / /data rw - xfs /dev/sdb rw\n")

    def fail(_: Path) -> os.statvfs_result:
        raise OSError(number, os.strerror(number))

    assert list(shown(NodeFilesystem(tmp_path, statvfs=fail)).values()) == expected


def denied(_: Path) -> os.statvfs_result:
    raise PermissionError(errno.EACCES, "Permission denied")


def test_a_disk_that_this_user_may_not_reach_is_unknown_and_told(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/1/mountinfo", "30 27 8:2 / /data rw - xfs /dev/sdb rw\n")
    with pytest.raises(PartError, match=f"{tmp_path}/data: Permission denied; run the agent as a user that may"):
        list(NodeFilesystem(tmp_path, statvfs=denied).read())


def test_a_mount_that_only_its_owner_may_enter_is_unknown_and_nobody_s_fault(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/1/mountinfo", "45 27 0:62 / /home/op/cloud rw - fuse.sshfs op@cloud:/ rw\n")
    assert shown(NodeFilesystem(tmp_path, remote=True, statvfs=denied)) == {}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("30 27 8:2 / /data rw xfs /dev/sdb rw", id="no dash"),
        pytest.param("30 27 - xfs /dev/sdb rw", id="too few fields"),
    ],
)
def test_what_cannot_be_understood_is_an_error_that_names_the_file(tmp_path: Path, line: str) -> None:
    Machine(tmp_path).write("proc/1/mountinfo", line + "\n")
    with pytest.raises(SourceError, match="proc/1/mountinfo: has an unknown form"):
        shown(NodeFilesystem(tmp_path))
