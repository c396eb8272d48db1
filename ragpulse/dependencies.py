"""What needs what, from the cluster file alone: the one graph behind gates, inhibitions, causes and maintenance.

A service needs its home, one vLLM engine and Ray all of their nodes; the services of its `depends_on`, a path those of
its stages too; an engine over several nodes the Ray that spans them, of which only the head and its own nodes matter to
it. A backup needs the node that makes it. Agent, sources, Prometheus and Alertmanager of a node bear its name: they are
the node. A file in which something needs itself is refused when it is read (`ragpulse.consistency.references`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Literal

from ragpulse.vantage import home

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster

Kind = Literal["node", "service", "backup"]


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """`kind` too: nothing forbids a backup that is called as the service that it covers."""

    kind: Kind
    name: str


def node(name: str) -> Component:
    return Component("node", name)


def service(name: str) -> Component:
    return Component("service", name)


@dataclass(frozen=True)
class Dependencies:
    cluster: Cluster

    def causes_of(self, component: Component) -> tuple[Component, ...]:
        """All that it needs, the deepest first: the first of them that is broken explains the others."""
        return _all_beneath(self.cluster, component)

    def effects_of(self, component: Component) -> tuple[Component, ...]:
        """All that needs it, as the cluster file has them: services, then backups."""
        return tuple(each for each, beneath in self._beneath.items() if component in beneath)

    def nodes_beneath(self, service_name: str) -> tuple[str, ...]:
        """Without which a service cannot work, its home first."""
        found = self._names("node", service_name)
        return tuple(sorted(found, key=lambda name: name != home(self.cluster, service_name)))

    def services_beneath(self, service_name: str) -> tuple[str, ...]:
        return self._names("service", service_name)

    def services_above(self, component: Component) -> tuple[str, ...]:
        return tuple(each.name for each in self.effects_of(component) if each.kind == "service")

    def find(self, name: str) -> tuple[Component, ...]:
        """Whatever is called so."""
        return tuple(each for each in self._components() if each.name == name)

    def _names(self, kind: Kind, service_name: str) -> tuple[str, ...]:
        return tuple(each.name for each in self.causes_of(service(service_name)) if each.kind == kind)

    @cached_property
    def _beneath(self) -> dict[Component, tuple[Component, ...]]:
        return {each: self.causes_of(each) for each in self._components()}

    def _components(self) -> Iterator[Component]:
        yield from map(node, self.cluster.nodes)
        yield from map(service, self.cluster.services)
        yield from (Component("backup", name) for name in self.cluster.backups)


def services_needed(cluster: Cluster, name: str) -> tuple[str, ...]:
    """Those that a service needs directly, as they are written; a name that nobody bears too."""
    entry = cluster.services[name]
    asked = (stage.service for stage in entry.stages if stage.service is not None) if entry.kind == "rag" else ()
    return tuple(dict.fromkeys((*asked, *entry.depends_on, *_rays_beneath(cluster, name))))


def _all_beneath(cluster: Cluster, top: Component) -> tuple[Component, ...]:
    needs: dict[Component, tuple[Component, ...]] = {}
    waiting = [top]
    while waiting:
        if (component := waiting.pop()) not in needs:
            needs[component] = tuple(_needs(cluster, component, top))
            waiting += needs[component]
    return tuple(each for each in TopologicalSorter(needs).static_order() if each != top)


def _needs(cluster: Cluster, component: Component, top: Component) -> Iterator[Component]:
    name = component.name
    if component.kind == "backup":
        yield node(cluster.backups[name].node)
    elif component.kind == "service":
        entry = cluster.services[name]
        whole = entry.kind == "vllm" or (entry.kind == "ray" and component == top)
        yield from map(node, entry.nodes if whole else (home(cluster, name),))
        yield from map(service, services_needed(cluster, name))


def _rays_beneath(cluster: Cluster, name: str) -> Iterator[str]:
    """The Ray clusters that an engine over several nodes may run on."""
    entry = cluster.services[name]
    if entry.kind == "vllm" and len(entry.nodes) > 1:
        for other, ray in cluster.services.items():
            if ray.kind == "ray" and set(entry.nodes) <= set(ray.nodes):
                yield other
