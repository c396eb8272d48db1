"""Addresses and ports that two would have to share, and addresses that peers cannot reach."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from ragpulse.consistency.contradiction import Contradiction
from ragpulse.endpoints import LOOPBACK, authority, monitoring_address
from ragpulse.inventory import Cluster
from ragpulse.location import Path_
from ragpulse.relayed import relayed
from ragpulse.tiers import HOME_TIER, addresses


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process of ours listens."""

    address: str
    port: int
    node: str
    what: str

    def __str__(self) -> str:
        return authority(self.address, self.port)

    @property
    def is_agent(self) -> bool:
        return self.what == "the agent"


def contradictions(cluster: Cluster) -> Iterator[Contradiction]:
    yield from _ports(cluster)
    yield from _shared_places(cluster)
    yield from _shared_networks(cluster)
    yield from _out_of_reach(cluster)


def places(cluster: Cluster) -> Iterator[Place]:
    """Of every agent, then of the Prometheus and Alertmanager of every node that has them."""
    for name, node in cluster.nodes.items():
        yield Place(node.address, node.port, name, "the agent")
    ports = cluster.monitoring.ports
    for name in cluster.monitoring_nodes():
        if name in cluster.nodes:
            address = monitoring_address(cluster, name)
            yield Place(address, ports.prometheus, name, "the Prometheus")
            yield Place(address, ports.alertmanager, name, "the Alertmanager")
            # 127.0.0.1 is another place on each machine, so what a pair has there does not meet.
            if len(cluster.monitoring_nodes()) > 1:
                yield Place(address, ports.alertmanager_cluster, name, "the Alertmanager")
                continue
            yield Place(LOOPBACK, ports.overview, name, "the Overview page")
            if relayed(cluster):
                yield Place(LOOPBACK, ports.relay, name, "the adapter of notifications")


def _ports(cluster: Cluster) -> Iterator[Contradiction]:
    setting_of: dict[int, str] = {}
    unused = {"alertmanager_cluster"} if len(cluster.monitoring_nodes()) == 1 else set()
    unused |= set() if relayed(cluster) else {"relay"}
    for setting, port in cluster.monitoring.ports.model_dump().items():
        if setting in unused:
            continue
        other = setting_of.setdefault(port, setting)
        if other != setting:
            at: Path_ = ("monitoring", "ports")
            because = ((*at, other), ("monitoring", "nodes"), ("notify",))
            yield Contradiction((*at, setting), f"{port} is already the port of {other}", because)


def _shared_places(cluster: Cluster) -> Iterator[Contradiction]:
    first: dict[str, Place] = {}
    told_of: set[tuple[Path_, str]] = set()
    for place in places(cluster):
        other = first.setdefault(str(place), place)
        if other is place or (other.node == place.node and not other.is_agent):
            continue  # two ports of one node's monitoring: told of their numbers
        told, by = (other, place) if other.is_agent and not place.is_agent else (place, other)
        setting = "port" if told.is_agent and not by.is_agent else "address"
        because: tuple[Path_, ...] = (("nodes", told.node), ("nodes", by.node))
        if not (told.is_agent and by.is_agent):
            because = (*because, ("monitoring",))
        path: Path_ = ("nodes", told.node, setting)
        if (path, by.node) not in told_of:
            yield Contradiction(path, f"{place} is already {by.what} of {by.node}", because)
        told_of.add((path, by.node))  # an address that is shared shares every port


def _shared_networks(cluster: Cluster) -> Iterator[Contradiction]:
    """Two agents may share an address, at two ports; a network without a port is one machine's."""
    owner: dict[str, tuple[str, str]] = {}
    for name, node in cluster.nodes.items():
        owner.setdefault(node.address, (name, HOME_TIER))
    for name, node in cluster.nodes.items():
        for tier, address in node.networks.items():
            other_node, other_tier = owner.setdefault(address, (name, tier))
            if (other_node, other_tier) != (name, tier):
                at: Path_ = ("nodes", other_node)
                because = (*at, "address") if other_tier == HOME_TIER else (*at, "networks", other_tier)
                text = f"{address} is already the address of {other_node} in {other_tier}"
                yield Contradiction(("nodes", name, "networks", tier), text, (because,))


def _out_of_reach(cluster: Cluster) -> Iterator[Contradiction]:
    """A loopback address is reached by its own machine alone; a cluster that has nothing else lives on one machine."""
    elsewhere = {
        name
        for name, node in cluster.nodes.items()
        if not all(is_loopback(known) for known in addresses(node).values())
    }
    for name, node in cluster.nodes.items():
        if elsewhere and is_loopback(node.address):
            others = ", ".join(sorted(elsewhere - {name})) or "a peer"
            text = f"{node.address} is reached by its own machine alone; write the address that {others} can reach"
            yield Contradiction(("nodes", name, "address"), text, (("nodes",),))


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.rstrip(".").lower() == "localhost"
