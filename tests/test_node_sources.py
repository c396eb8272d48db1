"""All sources of a node together, on fixture machines and on the real one."""

import os
import re
from pathlib import Path

import psutil
import pytest

from exporters.gpu_state import GpuState
from exporters.network_links import NetworkLinks
from exporters.network_rdma import NetworkRdma
from exporters.node_clock import NodeClock
from exporters.node_cpu import NodeCpu
from exporters.node_disk import NodeDisk
from exporters.node_filesystem import NodeFilesystem
from exporters.node_info import NodeInfo
from exporters.node_memory import NodeMemory
from exporters.node_pressure import NodePressure
from exporters.node_sources import node_sources
from exporters.nvml import Nvml
from exporters.source import Source, SourceError
from ragpulse.inventory import Cluster
from tests.fakes.machine import Machine, samples, shown

CLUSTER = Cluster.model_validate(
    {"cluster": "test", "nodes": {"alpha": {"address": "127.0.0.1"}, "beta": {"address": "127.0.0.2", "port": 1}}}
)


def of_root(root: Path) -> list[Source]:
    return [
        NodeCpu(root),
        NodeMemory(root),
        NodePressure(root),
        NodeFilesystem(root),
        NodeDisk(root),
        NodeClock(root, clock=lambda: 1.0, state=lambda: None),
        NodeInfo(root),
        NetworkLinks(CLUSTER.nodes["alpha"], root),
        NetworkRdma(CLUSTER.nodes["alpha"], root),
        GpuState(Nvml(), disabled=True, root=root),
    ]


def test_a_machine_that_tells_nothing_is_unknown_and_no_error(tmp_path: Path) -> None:
    found = {source.name: len(samples(source)) for source in of_root(tmp_path)}
    assert {name: count for name, count in found.items() if count} == {"node_clock": 1, "gpu_state": 4}


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("proc/stat", {"node_cpu", "node_clock"}),
        ("proc/loadavg", {"node_cpu"}),
        ("proc/meminfo", {"node_memory"}),
        ("proc/vmstat", {"node_memory"}),
        ("proc/pressure/io", {"node_pressure"}),
        ("proc/1/mountinfo", {"node_filesystem"}),
        ("proc/diskstats", {"node_disk"}),
        ("proc/sys/kernel/osrelease", {"node_info"}),
        ("sys/class/net/lo/mtu", {"network_links"}),
        ("sys/class/infiniband/mlx5_0/ports/1/state", {"network_rdma"}),
    ],
)
def test_a_file_that_cannot_be_read_costs_only_the_sources_that_need_it(
    tmp_path: Path, name: str, sources: set[str]
) -> None:
    Machine(tmp_path).unreadable(name)
    for source in of_root(tmp_path):
        if source.name in sources:
            with pytest.raises(SourceError, match=re.escape(f"{tmp_path}/{name}")):
                samples(source)
        else:
            samples(source)


def found_sources(cluster: Cluster) -> list[Source]:
    return [planned.source for planned in node_sources(cluster, "alpha", Nvml())]


def test_all_sources_of_a_node_have_names_of_their_own_and_sound_times() -> None:
    sources = found_sources(CLUSTER)
    names = [source.name for source in sources]
    assert len(set(names)) == len(names) == 24
    assert all(0 < source.timeout < source.interval for source in sources)


def test_a_cluster_of_one_node_has_no_peers_to_probe() -> None:
    alone = Cluster.model_validate({"cluster": "test", "nodes": {"alpha": {"address": "127.0.0.1"}}})
    assert "network_peers" not in {source.name for source in found_sources(alone)}


def test_the_real_machine_gives_fewer_than_400_series_each_once_and_each_declared() -> None:
    series = [name for source in found_sources(CLUSTER) for name in shown(source)]
    assert len(set(series)) == len(series)
    assert 40 < len(series) < 400


def test_the_real_machine_looks_alike_to_a_second_reader() -> None:
    found: dict[str, float] = {}
    for source in found_sources(CLUSTER):
        found |= shown(source)
    times = psutil.cpu_times()
    memory = psutil.virtual_memory()
    root = psutil.disk_usage("/")
    assert found['node_cpu_seconds_total{mode="idle"}'] == pytest.approx(times.idle, abs=5 * (os.cpu_count() or 1))
    assert found['node_cpu_seconds_total{mode="user"}'] == pytest.approx(times.user, abs=5 * (os.cpu_count() or 1))
    assert found["node_memory_total_bytes"] == memory.total
    assert found["node_memory_available_bytes"] == pytest.approx(memory.available, rel=0.1)
    assert found["node_processes"] == pytest.approx(len(psutil.pids()), rel=0.5)
    assert found['node_load{window="15m"}'] == pytest.approx(os.getloadavg()[2], abs=1)
    sizes = [value for key, value in found.items() if key.startswith('node_filesystem_size_bytes{mountpoint="/"')]
    assert sizes in ([], [root.total])  # none where the root is a container's overlay
