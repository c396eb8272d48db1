"""Where each process of a cluster listens: `address:port`, as a URL or a scrape target writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster

LOOPBACK = "127.0.0.1"


def authority(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def agent(cluster: Cluster, node: str) -> str:
    return authority(cluster.nodes[node].address, cluster.nodes[node].port)


def monitors(cluster: Cluster) -> tuple[str, ...]:
    """The nodes that run a Prometheus and an Alertmanager; the first node when none is named.

    No method of the cluster: an agent has it as plain values (`ragpulse.plain`).
    """
    return cluster.monitoring.nodes or (next(iter(cluster.nodes)),)


def monitoring_address(cluster: Cluster, node: str) -> str:
    """Of Prometheus and Alertmanager: two of a pair must reach each other, a single one is nobody else's business."""
    return LOOPBACK if len(monitors(cluster)) == 1 else cluster.nodes[node].address


def prometheus(cluster: Cluster) -> dict[str, str]:
    """Monitoring node → its Prometheus."""
    port = cluster.monitoring.ports.prometheus
    return {node: authority(monitoring_address(cluster, node), port) for node in monitors(cluster)}


def alertmanager(cluster: Cluster) -> dict[str, str]:
    """Monitoring node → its Alertmanager."""
    port = cluster.monitoring.ports.alertmanager
    return {node: authority(monitoring_address(cluster, node), port) for node in monitors(cluster)}


def overview(cluster: Cluster) -> str:
    """The URL of the Overview page, without a slash at its end."""
    return f"http://{authority(LOOPBACK, cluster.monitoring.ports.overview)}"
