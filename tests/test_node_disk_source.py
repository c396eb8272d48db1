"""What whole disks move and how busy they are."""

from pathlib import Path

import pytest

from exporters.node_disk import NodeDisk
from exporters.source import SourceError
from tests.fakes.machine import CAPTURED_6_18, Machine, shown


def diskstats(*devices: str, read: int = 0, written: int = 0, busy: int = 0) -> str:
    return "".join(f" 8  0 {device} 9 9 {read} 9 9 9 {written} 9 0 {busy} 9\n" for device in devices)


def machine_with(tmp_path: Path, **sizes: int) -> Machine:
    machine = Machine(tmp_path)
    for device, size in sizes.items():
        machine.write(f"sys/block/{device}/size", f"{size}\n")
        machine.folder(f"sys/block/{device}/slaves")
    return machine


def devices(tmp_path: Path) -> set[str]:
    return {series.split('"')[1] for series in shown(NodeDisk(tmp_path))}


def test_a_recorded_linux_6_18_is_read_exactly(tmp_path: Path) -> None:
    machine = machine_with(tmp_path, vda=1000, zram0=1000, loop0=0)
    machine.write("proc/diskstats", (CAPTURED_6_18 / "proc/diskstats").read_text())
    assert shown(NodeDisk(tmp_path)) == {
        'node_disk_read_bytes_total{device="vda"}': 6474362 * 512,
        'node_disk_written_bytes_total{device="vda"}': 7232032 * 512,
        'node_disk_busy_seconds_total{device="vda"}': 15.62,
    }


def test_partitions_memory_images_and_empty_readers_are_no_disks(tmp_path: Path) -> None:
    machine = machine_with(tmp_path, nvme0n1=9, ram0=9, loop3=9, zram1=9, sr0=9, nbd0=0)
    machine.write("proc/diskstats", diskstats("nvme0n1", "nvme0n1p1", "ram0", "loop3", "zram1", "sr0", "nbd0"))
    assert devices(tmp_path) == {"nvme0n1"}


def test_what_stands_on_other_disks_is_not_counted_again(tmp_path: Path) -> None:
    machine = machine_with(tmp_path, sda=9, md0=9)
    machine.folder("sys/block/dm-0/slaves/sda")
    machine.folder("sys/block/md0/slaves/sda")
    machine.write("proc/diskstats", diskstats("sda", "md0", "dm-0"))
    assert devices(tmp_path) == {"sda"}


def test_a_name_with_a_slash_is_found_where_sysfs_keeps_it(tmp_path: Path) -> None:
    machine = machine_with(tmp_path, **{"cciss!c0d0": 9})
    machine.write("proc/diskstats", diskstats("cciss/c0d0"))
    assert devices(tmp_path) == {"cciss/c0d0"}


def test_huge_counters_are_kept(tmp_path: Path) -> None:
    machine = machine_with(tmp_path, sda=9)
    machine.write("proc/diskstats", diskstats("sda", read=2**63, busy=2**32 - 1))
    found = shown(NodeDisk(tmp_path))
    assert found['node_disk_read_bytes_total{device="sda"}'] == 2.0**72
    assert found['node_disk_busy_seconds_total{device="sda"}'] == 4294967.295


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(" 8 0 sda 1 2 3\n", id="a line cut short"),
        pytest.param(" 8 0 sda 1 2 x 4 5 6 7 8 9 10 11\n", id="a word among the counts"),
        pytest.param("nonsense\n", id="something else"),
    ],
)
def test_what_cannot_be_understood_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    machine_with(tmp_path, sda=9).write("proc/diskstats", text)
    with pytest.raises(SourceError, match="proc/diskstats: has an unknown form"):
        shown(NodeDisk(tmp_path))
