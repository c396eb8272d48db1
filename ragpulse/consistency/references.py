"""Names that refer to nothing, and dependencies that go round in a circle."""

import graphlib
from collections.abc import Iterable, Iterator

from ragpulse.consistency.contradiction import Contradiction
from ragpulse.consistency.names import Names
from ragpulse.dependencies import services_needed
from ragpulse.inventory import Cluster
from ragpulse.location import Path_
from ragpulse.nearest import nearest
from ragpulse.services import Rag
from ragpulse.tiers import HOME_TIER, addresses


def contradictions(cluster: Cluster, names: Names) -> Iterator[Contradiction]:
    nodes, services, receivers = names.nodes, names.services, names.receivers
    for name, service in cluster.services.items():
        at: Path_ = ("services", name)
        yield from _unknown((*at, "nodes"), service.nodes, nodes, "node")
        yield from _unknown((*at, "probe_from"), service.probe_from, nodes, "node")
        yield from _unknown((*at, "depends_on"), service.depends_on, services, "service")
        for index, stage in enumerate(service.stages if isinstance(service, Rag) else ()):
            yield from _unknown_one((*at, "stages", index, "service"), stage.service, services, "service")
    for name, backup in cluster.backups.items():
        yield from _unknown_one(("backups", name, "node"), backup.node, nodes, "node")
        yield from _unknown_one(("backups", name, "covers"), backup.covers, services, "service")
    yield from _unknown(("monitoring", "nodes"), cluster.monitoring.nodes, nodes, "node")
    yield from _unknown(("notify", "page"), cluster.notify.page, receivers, "receiver")
    yield from _unknown(("notify", "ticket"), cluster.notify.ticket, receivers, "receiver")
    yield from _tiers(cluster)
    yield from _circles(cluster)


def _unknown(path: Path_, names: Iterable[str], known: tuple[str, ...], what: str) -> Iterator[Contradiction]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Contradiction((*path, index), f"{name} stands twice; keep one")
        else:
            yield from _unknown_one((*path, index), name, known, what)
        seen.add(name)


def _unknown_one(path: Path_, name: str | None, known: tuple[str, ...], what: str) -> Iterator[Contradiction]:
    if name is not None and name not in known:
        hint = nearest(name, known, listed="there is:") or "; there is none"
        yield Contradiction(path, f"no {what} is called {name}{hint}")


def _tiers(cluster: Cluster) -> Iterator[Contradiction]:
    for name, node in cluster.nodes.items():
        at: Path_ = ("nodes", name)
        if HOME_TIER in node.networks:
            text = f"{HOME_TIER} is the network of `address`; call this one otherwise"
            yield Contradiction((*at, "networks", HOME_TIER), text)
        for tier in node.tiers:
            if tier not in (known := addresses(node)):
                text = f"no network of this node is called {tier}{nearest(tier, known, listed='there is:')}"
                yield Contradiction((*at, "tiers", tier), text, ((*at, "networks"),))


def _circles(cluster: Cluster) -> Iterator[Contradiction]:
    """Each circle is opened where it was told, so that the next one is found."""
    needs = {name: list(services_needed(cluster, name)) for name in cluster.services}
    while circle := _circle(needs):
        first = min(circle, key=list(cluster.services).index)
        turn = circle.index(first)
        ordered = [*circle[turn:], *circle[:turn]]
        text = " → ".join([*ordered, first])
        told = "a service cannot depend on itself" if len(ordered) == 1 else f"goes round in a circle: {text}"
        needed = ordered[1] if len(ordered) > 1 else first
        yield Contradiction(_where_needed(cluster, first, needed), told)
        needs[first].remove(needed)


def _where_needed(cluster: Cluster, name: str, needed: str) -> Path_:
    """That an engine runs on a Ray stands nowhere: its nodes say so."""
    if needed in cluster.services[name].depends_on:
        return ("services", name, "depends_on")
    return ("services", name, "stages") if isinstance(cluster.services[name], Rag) else ("services", name, "nodes")


def _circle(needs: dict[str, list[str]]) -> list[str]:
    """Names of which each needs the next one, and the last one the first."""
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        return list(reversed(error.args[1]))[:-1]
    return []
