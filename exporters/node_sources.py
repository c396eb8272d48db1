"""Everything that the agent of one node reads of its own machine, and its way to the peers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.gpu_sources import gpu_sources
from exporters.network_links import NetworkLinks
from exporters.network_peers import NetworkPeers, peers
from exporters.network_rdma import NetworkRdma
from exporters.node_clock import NodeClock
from exporters.node_cpu import NodeCpu
from exporters.node_disk import NodeDisk
from exporters.node_filesystem import NodeFilesystem
from exporters.node_info import NodeInfo
from exporters.node_memory import NodeMemory
from exporters.node_pressure import NodePressure
from exporters.node_temperature import NodeTemperature
from exporters.nvml import Nvml
from exporters.planned import Planned

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster


def node_sources(cluster: Cluster, node_name: str, nvml: Nvml) -> list[Planned]:
    """Nothing is read yet. A cluster of one node has no peers to probe."""
    node = cluster.nodes[node_name]
    addressed = (node.address, node.networks, node.tiers)
    planned = [
        Planned(NodeCpu()),
        Planned(NodeMemory()),
        Planned(NodePressure()),
        Planned(NodeFilesystem()),
        Planned(NodeFilesystem(remote=True)),
        Planned(NodeDisk()),
        Planned(NodeTemperature()),
        Planned(NodeClock()),
        Planned(NodeInfo()),
        Planned(NetworkLinks(node), settings=addressed),
        Planned(NetworkRdma(node), settings=addressed),
        *gpu_sources(cluster, node_name, nvml),
    ]
    if peers(cluster, node_name):
        ways = (cluster.nodes, cluster.monitoring.scrape_interval)
        planned.append(Planned(NetworkPeers(cluster, node_name), settings=ways))
    return planned
