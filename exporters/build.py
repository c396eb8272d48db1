"""The only list of sources: what the agent of one node reads and probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.node_sources import node_sources
from exporters.planned import Planned
from exporters.service_sources import service_sources

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster


def build(cluster: Cluster, node: str) -> list[Planned]:
    """Everything that the agent of `node` runs. Nothing is read yet."""
    return [*node_sources(cluster, node), *service_sources(cluster, node)]
