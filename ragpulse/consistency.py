"""Mistakes that no single key shows: names that refer to nothing, and addresses that are used twice."""

import difflib
from collections.abc import Iterable, Iterator

from ragpulse.inventory import Cluster

Path_ = tuple[str | int, ...]
Contradiction = tuple[Path_, str]


def contradictions(cluster: Cluster) -> Iterator[Contradiction]:
    yield from _references(cluster)
    yield from _addresses(cluster)
    yield from _tiers(cluster)
    yield from _dependency_cycles(cluster)
    yield from _receivers(cluster)


def _references(cluster: Cluster) -> Iterator[Contradiction]:
    for name, service in cluster.services.items():
        at: Path_ = ("services", name)
        yield from _unknown((*at, "nodes"), service.nodes, cluster.nodes, "node")
        yield from _unknown((*at, "probe_from"), service.probe_from, cluster.nodes, "node")
        yield from _unknown((*at, "depends_on"), service.depends_on, cluster.services, "service")
    for name, backup in cluster.backups.items():
        yield from _unknown(("backups", name, "node"), (backup.node,), cluster.nodes, "node", indexed=False)
        if backup.covers is not None:
            yield from _unknown(
                ("backups", name, "covers"), (backup.covers,), cluster.services, "service", indexed=False
            )
    yield from _unknown(("monitoring", "nodes"), cluster.monitoring.nodes, cluster.nodes, "node")


def _unknown(
    path: Path_, names: Iterable[str], known: Iterable[str], what: str, *, indexed: bool = True
) -> Iterator[Contradiction]:
    allowed = tuple(known)
    seen: set[str] = set()
    for index, name in enumerate(names):
        at = (*path, index) if indexed else path
        if name not in allowed:
            close = difflib.get_close_matches(name, allowed, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there is: {', '.join(allowed) or 'none'}"
            yield at, f"no {what} is called {name}; {hint}"
        elif name in seen:
            yield at, f"{name} stands twice; keep one"
        seen.add(name)


def _addresses(cluster: Cluster) -> Iterator[Contradiction]:
    owner: dict[tuple[str, int], str] = {}
    for name, node in cluster.nodes.items():
        place = (node.address, node.port)
        if place in owner:
            yield ("nodes", name, "address"), f"{node.address}:{node.port} is already the agent of {owner[place]}"
        owner.setdefault(place, name)
    tier_owner: dict[tuple[str, str], str] = {}
    for name, node in cluster.nodes.items():
        for tier, address in node.networks.items():
            if (tier, address) in tier_owner:
                yield ("nodes", name, "networks", tier), f"{address} is already that of {tier_owner[tier, address]}"
            tier_owner.setdefault((tier, address), name)
    ports: dict[int, str] = {}
    for setting, port in cluster.monitoring.ports.model_dump().items():
        if setting == "alertmanager_cluster" and len(cluster.monitoring_nodes()) == 1:
            continue  # nobody listens there
        if port in ports:
            yield ("monitoring", "ports", setting), f"{port} is already the port of {ports[port]}"
        ports.setdefault(port, setting)


def _tiers(cluster: Cluster) -> Iterator[Contradiction]:
    for name, node in cluster.nodes.items():
        for tier in node.tiers:
            if tier not in node.addresses():
                yield ("nodes", name, "tiers", tier), f"no network of this node is called {tier}; name it in networks"


def _dependency_cycles(cluster: Cluster) -> Iterator[Contradiction]:
    done: set[str] = set()
    for start in cluster.services:
        trail: list[str] = []
        name = start
        # Following the first unvisited dependency is enough to name one cycle; the next run names the next.
        while name in cluster.services and name not in done:
            if name in trail:
                circle = " → ".join([*trail[trail.index(name) :], name])
                yield ("services", name, "depends_on"), f"goes round in a circle: {circle}"
                break
            trail.append(name)
            name = next((n for n in cluster.services[name].depends_on if n not in done), "")
        done.update(trail)


def _receivers(cluster: Cluster) -> Iterator[Contradiction]:
    notify = cluster.notify
    yield from _unknown(("notify", "page"), notify.page, notify.receivers, "receiver")
    yield from _unknown(("notify", "ticket"), notify.ticket, notify.receivers, "receiver")
    for name, receiver in notify.receivers.items():
        if (receiver.url is None) == (receiver.url_file is None):
            yield ("notify", "receivers", name), "needs either url or url_file"
