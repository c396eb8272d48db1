"""Who measures what: local facts on a service's own first node, probes from other nodes.

A probe that feeds a target runs elsewhere, so that a dead node burns the budget of what lived on it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster
    from ragpulse.services import Canary

MAX_VANTAGES = 3


def home(cluster: Cluster, service: str) -> str:
    """The node on which the service's local facts are read."""
    return cluster.services[service].nodes[0]


def vantages(cluster: Cluster, service: str) -> tuple[str, ...]:
    """The nodes that probe a service: as written, else up to three others, chosen the same way each time. Of Ray,
    which is not probed: its head, which says whether it is up.
    """
    entry = cluster.services[service]
    if entry.kind == "ray":
        return entry.nodes[:1]
    if entry.probe_from:
        return entry.probe_from
    candidates = (
        [name for name in cluster.nodes if name not in entry.nodes]
        or [name for name in cluster.nodes if name != entry.nodes[0]]
        or [entry.nodes[0]]
    )
    return tuple(sorted(candidates, key=lambda node: _rank(service, node))[:MAX_VANTAGES])


def writer(cluster: Cluster, service: str) -> str:
    """The one node that makes round trips through a memory service: a second would sweep away what it has written."""
    return vantages(cluster, service)[0]


def canary_nodes(cluster: Cluster, service: str) -> tuple[str, ...]:
    """The nodes that send a vLLM canaries: those that probe it, and its own, which judges its state."""
    return tuple(dict.fromkeys((*vantages(cluster, service), home(cluster, service))))


def longest_interval(cluster: Cluster) -> float:
    """Of probes: a verdict needs two of them within its short window."""
    return max(30.0, 3 * cluster.monitoring.scrape_interval)


def interval(cluster: Cluster, service: str) -> float:
    """Seconds between two probes of a service; a path, which costs tokens, is walked as seldom as can be judged."""
    entry = cluster.services[service]
    usual = longest_interval(cluster) if entry.kind == "rag" else cluster.monitoring.scrape_interval
    return entry.every or usual


def request_timeout(cluster: Cluster, service: str) -> float:
    """Seconds after which one probe request, or a whole path, has failed: so that all checks of a run fit into it."""
    entry, every = cluster.services[service], interval(cluster, service)
    return entry.timeout or (min(15.0, 0.7 * every) if entry.kind == "rag" else min(3.0, 0.3 * every))


def canary_timeout(canary: Canary) -> float:
    """Seconds after which a canary has failed: it ends before the next is due, and a hang is known within 30 s."""
    return canary.timeout or min(15.0, 0.7 * canary.every)


def _rank(service: str, node: str) -> str:
    # Rendezvous hashing: spreads the work over many nodes, and a new node moves few services.
    return hashlib.sha256(f"{service}\0{node}".encode()).hexdigest()
