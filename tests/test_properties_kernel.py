"""Files of the kernel with anything in them: what can be understood, or a SourceError; no counter is ever negative."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporters.kernel_files import KernelFiles
from exporters.mounts import real_mounts
from exporters.network_links import NetworkLinks
from exporters.network_rdma import NetworkRdma
from exporters.node_clock import NodeClock
from exporters.node_cpu import NodeCpu
from exporters.node_disk import NodeDisk
from exporters.node_filesystem import NodeFilesystem
from exporters.node_memory import NodeMemory
from exporters.node_pressure import NodePressure
from exporters.source import SourceError
from ragpulse.catalogue.node import CPU_MODES
from ragpulse.inventory import Node
from ragpulse.metric import Sample
from tests.fakes.machine import CAPTURED_6_18, Machine, shown
from tests.fakes.strategies import line_mutants, mutants, tries

LINK, PORT = "sys/class/net/eth0", "sys/class/infiniband/mlx5_0/ports/1"
NODE = Node(address="127.0.0.1")
MOUNTS = """\
22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
23 22 0:20 / /proc rw - proc proc rw
40 22 8:1 / /data rw - xfs /dev/sda1 rw,inode64
41 22 0:44 / /mnt/a\\040share rw - nfs4 server:/export rw
42 22 8:17 /part /srv ro - btrfs /dev/sdb1 ro
"""


class Reading(Protocol):
    def read(self) -> Iterable[Sample]: ...


def links(root: Path) -> NetworkLinks:
    return NetworkLinks(NODE, root, addresses=lambda: {"eth0": ["127.0.0.1"]})


def ports(root: Path) -> NetworkRdma:
    return NetworkRdma(NODE, root, addresses=dict)


class ProcessorsAndClock:
    """Both that read /proc/stat."""

    def __init__(self, root: Path) -> None:
        self._readers = (NodeCpu(root), NodeClock(root, state=lambda: None))

    def read(self) -> Iterable[Sample]:
        return chain.from_iterable(reader.read() for reader in self._readers)


def recorded(name: str) -> str:
    return (CAPTURED_6_18 / name).read_text()


FILES: dict[str, tuple[str, Callable[[Path], Reading]]] = {
    "proc/stat": (recorded("proc/stat"), ProcessorsAndClock),
    "proc/loadavg": (recorded("proc/loadavg"), NodeCpu),
    "proc/diskstats": (recorded("proc/diskstats"), NodeDisk),
    "sys/block/vda/size": ("1000\n", NodeDisk),
    "proc/meminfo": (recorded("proc/meminfo"), NodeMemory),
    "proc/vmstat": (recorded("proc/vmstat"), NodeMemory),
    "proc/pressure/io": (recorded("proc/pressure/io"), NodePressure),
    "proc/1/mountinfo": (MOUNTS, NodeFilesystem),
    f"{LINK}/speed": ("10000\n", links),
    f"{LINK}/operstate": ("unknown\n", links),
    f"{LINK}/carrier": ("1\n", links),
    f"{LINK}/statistics/rx_bytes": ("123\n", links),
    f"{PORT}/state": ("4: ACTIVE\n", ports),
    f"{PORT}/rate": ("200 Gb/sec (4X HDR)\n", ports),
    f"{PORT}/counters/port_rcv_data": ("123\n", ports),
}


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with TemporaryDirectory() as folder:
        made = Machine(Path(folder))
        for name, (text, _) in FILES.items():
            made.write(name, text)
        yield made


@pytest.mark.parametrize("name", FILES)
@tries(0.3)
@given(data=st.data())
def test_only_source_errors_come_of_a_file_whatever_stands_in_it(
    machine: Machine, name: str, data: st.DataObject
) -> None:
    text, source = FILES[name]
    raw = data.draw(mutants(text).map(lambda drawn: drawn.encode(errors="surrogatepass")) | st.binary(max_size=60))
    (machine.root / name).write_bytes(raw)
    try:
        found = list(source(machine.root).read())
    except SourceError:
        return
    finally:
        machine.write(name, text)
    assert all(sample.value >= 0 for sample in found if sample.metric.kind == "counter")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("proc/stat", f"cpu  {'9' * 400}\nbtime 1\n", id="more ticks than a float can hold"),
        pytest.param("proc/stat", f"cpu  1\nbtime {'9' * 400}\n", id="a boot beyond the end of time"),
        pytest.param("proc/stat", "cpu  5 -1\nbtime 1\n", id="ticks below zero"),
        pytest.param("proc/diskstats", f" 8 0 vda 9 9 {'9' * 400} 9 9 9 9 9 0 9 9\n", id="too many sectors"),
        pytest.param("proc/diskstats", " 8 0 vda 9 9 -9 9 9 9 9 9 0 9 9\n", id="sectors below zero"),
        pytest.param("proc/1/mountinfo", "1 1 8:1 / /a\\000 rw - xfs /dev/sda rw\n", id="a path that is none"),
        pytest.param("proc/vmstat", f"pswpin {'9' * 400}\n", id="too many pages"),
        pytest.param("proc/vmstat", "oom_kill -1\n", id="kills below zero"),
        pytest.param("proc/meminfo", f"MemTotal: {'9' * 400} kB\n", id="too much memory"),
        pytest.param("proc/pressure/io", f"some total={'9' * 400}\n", id="too long a wait"),
        pytest.param("proc/pressure/io", "some total=-5\n", id="a wait of less than nothing"),
        pytest.param(f"{LINK}/statistics/rx_bytes", "9" * 400, id="too many bytes"),
        pytest.param(f"{LINK}/statistics/rx_bytes", "-1", id="bytes below zero"),
    ],
)
def test_what_no_kernel_can_mean_is_an_error_that_names_the_file(machine: Machine, name: str, text: str) -> None:
    machine.write(name, text)
    try:
        with pytest.raises(SourceError, match=f"{name}: has an unknown form"):
            list(FILES[name][1](machine.root).read())
    finally:
        machine.write(name, FILES[name][0])


@tries(0.5)
@given(line_mutants(MOUNTS))
def test_the_mounts_that_are_left_are_still_right(machine: Machine, text: str) -> None:
    machine.write("proc/1/mountinfo", text)
    rows = [line.split() for line in text.splitlines()]
    known = {(row[2], row[4].replace("\\040", " ")) for row in rows if row}
    mounts = real_mounts(KernelFiles(machine.root))
    machine.write("proc/1/mountinfo", MOUNTS)
    assert {(mount.device, mount.mountpoint) for mount in mounts} <= known
    assert {mount.device for mount in mounts} == {device for device, _ in known if device != "0:20"}
    assert len({mount.device for mount in mounts}) == len(mounts)


file_names = st.binary(min_size=1, max_size=20).filter(lambda name: not set(name) & set(b"/\0 \t\n\\#"))


@tries(0.5)
@given(st.lists(file_names, min_size=1, max_size=4, unique=True))
@example(["\u2028".encode(), b"\r", "\x85".encode(), b"\x1c"])
@example([b"caf\xe9", b"caf\xe8"])
def test_no_name_of_a_mount_point_costs_another_file_system(machine: Machine, names: list[bytes]) -> None:
    """Whoever may mount anything chooses names; the kernel rewrites blanks, tabs, line feeds and \\ alone."""
    lines = [
        f"{number} 1 8:{number} / /data/".encode() + name + b" rw - xfs /dev/sdb rw\n"
        for number, name in enumerate(names)
    ]
    (machine.root / "proc/1/mountinfo").write_bytes(b"".join(lines))
    try:
        found = shown(NodeFilesystem(machine.root, statvfs=lambda _: os.statvfs("/")))
    finally:
        machine.write("proc/1/mountinfo", MOUNTS)
    assert sum(name.startswith("node_filesystem_size_bytes") for name in found) == len(names)


ticks = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3000), min_size=4, max_size=len(CPU_MODES))


@tries(0.3)
@given(st.lists(ticks, max_size=6))
def test_processor_time_is_never_negative_and_falls_only_when_it_starts_anew(
    machine: Machine, readings: list[list[int]]
) -> None:
    source, before = NodeCpu(machine.root, ticks_per_second=100), dict[str, float]()
    try:
        for reading in readings:
            machine.write("proc/stat", f"cpu  {' '.join(map(str, reading))}\n")
            now = {name: value for name, value in shown(source).items() if name.startswith("node_cpu_seconds_total")}
            for (name, value), true in zip(now.items(), reading, strict=True):
                fell = before.get(name, 0.0) - true / 100
                assert value == (before[name] if 0 < fell <= 5 else true / 100) >= 0
            before |= now
    finally:
        machine.write("proc/stat", FILES["proc/stat"][0])


unsigned = st.integers(0, 2**64 - 1)


@tries(0.3)
@given(unsigned, unsigned, unsigned)
def test_what_a_disk_and_a_link_carried_is_what_the_kernel_says(
    machine: Machine, read: int, written: int, busy: int
) -> None:
    machine.write("proc/diskstats", f" 254 0 vda 1 1 {read} 1 1 1 {written} 1 0 {busy} 1\n")
    machine.write(f"{LINK}/statistics/rx_bytes", f"{read}\n")
    assert shown(NodeDisk(machine.root)) == {
        'node_disk_read_bytes_total{device="vda"}': float(read * 512),
        'node_disk_written_bytes_total{device="vda"}': float(written * 512),
        'node_disk_busy_seconds_total{device="vda"}': busy / 1000,
    }
    received = [value for name, value in shown(links(machine.root)).items() if name.startswith("network_received")]
    assert received == [float(read)]
    machine.write("proc/diskstats", FILES["proc/diskstats"][0])
