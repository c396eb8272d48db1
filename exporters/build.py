"""The only list of sources: what the agent of one node reads and probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.backup_sources import backup_sources
from exporters.maintenance_source import maintenance_sources
from exporters.node_sources import node_sources
from exporters.nvml import Nvml
from exporters.planned import Planned
from exporters.service_sources import service_sources

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster


def build(cluster: Cluster, node: str, nvml: Nvml) -> list[Planned]:
    """Everything that the agent of `node` runs. Nothing is read yet. `nvml` is the one of this process."""
    return [
        *node_sources(cluster, node, nvml),
        *service_sources(cluster, node),
        *backup_sources(cluster, node),
        *maintenance_sources(cluster, node),
    ]
