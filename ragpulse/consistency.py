"""Mistakes that no single key shows: names that refer to nothing, addresses used twice, times that do not fit."""

import difflib
import graphlib
from collections.abc import Iterable, Iterator

from ragpulse.inventory import Cluster
from ragpulse.recorded import short_window
from ragpulse.tiers import HOME_TIER, addresses
from ragpulse.units import prometheus_duration
from ragpulse.vantage import interval

Path_ = tuple[str | int, ...]
Contradiction = tuple[Path_, str]


def contradictions(cluster: Cluster) -> Iterator[Contradiction]:
    yield from _references(cluster)
    yield from _addresses(cluster)
    yield from _tiers(cluster)
    yield from _dependency_cycles(cluster)
    yield from _receivers(cluster)
    yield from _seldom_probes(cluster)
    yield from _slow_probes(cluster)


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
        if HOME_TIER in node.networks:
            yield ("nodes", name, "networks", HOME_TIER), "is the network of `address`; call this one otherwise"
        for tier in node.tiers:
            if tier not in addresses(node):
                yield ("nodes", name, "tiers", tier), f"no network of this node is called {tier}; name it in networks"


def _dependency_cycles(cluster: Cluster) -> Iterator[Contradiction]:
    """One circle at a time: each is told once the one before it is gone."""
    needs = {name: service.depends_on for name, service in cluster.services.items()}
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        circle = list(reversed(error.args[1]))
        first = min(circle[:-1], key=list(cluster.services).index)
        turn = circle.index(first)
        text = " → ".join([*circle[turn:-1], *circle[:turn], first])
        yield ("services", first, "depends_on"), f"goes round in a circle: {text}"


def _receivers(cluster: Cluster) -> Iterator[Contradiction]:
    notify = cluster.notify
    yield from _unknown(("notify", "page"), notify.page, notify.receivers, "receiver")
    yield from _unknown(("notify", "ticket"), notify.ticket, notify.receivers, "receiver")
    for name, receiver in notify.receivers.items():
        if (receiver.url is None) == (receiver.url_file is None):
            yield ("notify", "receivers", name), "needs either url or url_file"


def _seldom_probes(cluster: Cluster) -> Iterator[Contradiction]:
    window = short_window(cluster)
    most = window / 2
    for name, service in cluster.services.items():
        if service.every is not None and service.every > most:
            text = (
                f"{prometheus_duration(service.every)} is too seldom: at most {prometheus_duration(most)} with a"
                f" scrape_interval of {prometheus_duration(cluster.monitoring.scrape_interval)}, because a verdict"
                f" needs two probes within {prometheus_duration(window)}"
            )
            yield ("services", name, "every"), text


def _slow_probes(cluster: Cluster) -> Iterator[Contradiction]:
    """A run that takes longer than its interval leaves gaps in what it says, and nothing alerts on gaps in time."""
    for name, service in cluster.services.items():
        every, checks = interval(cluster, name), max(1, len(service.checks))
        if service.timeout is not None and service.timeout * checks > every:
            text = (
                f"{prometheus_duration(service.timeout)} is too long: the {checks} checks of a run must fit into"
                f" {prometheus_duration(every)} (`every`), so at most {prometheus_duration(every / checks)} for each"
            )
            yield ("services", name, "timeout"), text
