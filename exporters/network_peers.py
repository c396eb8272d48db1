"""Can this node reach its peers on each network, and how long is the way? By a TCP connection to the peer's agent.

Source: the port of the agent on the peer's address on each network that both have; seconds. A refusal counts as
reached: the way is what is asked here, not the agent. Errors: OSError for want of sockets of our own.

In a large cluster each node probes 8 peers only: the nodes stand on a ring in the order of the hashes of their names,
and each probes the next 8. So every node is probed by exactly 8 others, where a choice by rank alone would leave some
to nobody by chance; the choice is the same each time, neighbours in a rack do not stand together, and a node that
comes or goes changes the peers of its 8 predecessors only.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from exporters.peer_tally import PeerTally
from exporters.tcp_connect import connect_all
from ragpulse.catalogue.network import PEER_DURATION, PEER_FAILURES
from ragpulse.metric import Metric, Sample
from ragpulse.tiers import addresses

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster

MAX_PEERS = 8


def peers(cluster: Cluster, node: str) -> tuple[str, ...]:
    """The nodes that `node` probes."""
    ring = sorted(cluster.nodes, key=lambda name: hashlib.sha256(name.encode()).digest())
    start = ring.index(node) + 1
    others = ring[start:] + ring[: start - 1]
    return tuple(others[:MAX_PEERS])


class NetworkPeers:
    name: str = "network_peers"
    max_age: float | None = None
    emits: tuple[Metric, ...] = (PEER_DURATION, PEER_FAILURES)

    def __init__(self, cluster: Cluster, node: str, clock: Callable[[], float] = time.perf_counter) -> None:
        own = addresses(cluster.nodes[node])
        self.interval = cluster.monitoring.scrape_interval
        # Long enough to see one lost SYN, sent again after 1 s, as a slow way rather than none.
        self._connect_timeout = min(3.0, 0.3 * self.interval)
        self.timeout = 2 * self._connect_timeout  # leaves as much again for looking up names
        self._clock = clock
        self._endpoints = [
            ((peer, tier), address, cluster.nodes[peer].port)
            for peer in peers(cluster, node)
            for tier, address in addresses(cluster.nodes[peer]).items()
            if tier in own
        ]
        self._tally = PeerTally(way for way, _, _ in self._endpoints)

    def read(self) -> Iterator[Sample]:
        """Nothing but counters: see `counters`."""
        run = self._tally.start()
        for way, outcome in connect_all(self._endpoints, self._connect_timeout, self._clock):
            self._tally.record(run, way, outcome.seconds, outcome.reason)
        return iter(())

    def counters(self) -> Iterator[Sample]:
        return self._tally.samples()

    def cut(self) -> None:
        self._tally.cut()
