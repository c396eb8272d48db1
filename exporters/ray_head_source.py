"""Ray as its head sees it: which of its nodes live, which engine's rank runs where, and what the head itself holds.

Source: dashboard, discovery file and the head's own metrics pages; `ray_head` says how it is decided who lives. `up`:
the dashboard or a page of the head answers. `ready`: every node of the cluster file lives. Where the cluster file names
no ports, Ray's own list tells them and the pages of all nodes are read here, up to `MAX_PAGES`.

Errors: PartError for a page or an answer that is none of Ray's, and for a token that cannot be read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from exporters import ray_discovery, ray_head
from exporters.label_text import fits_label
from exporters.ray_dashboard import RayDashboard, Told
from exporters.ray_head import Living
from exporters.ray_members import Members
from exporters.ray_node_source import RayNodeSource
from exporters.ray_pages import HEAD_PORTS, MAX_PAGES, Place, Read
from ragpulse.catalogue import ray as names
from ragpulse.catalogue.service import CERTIFICATE_EXPIRES, NODE_INFO, READY, UP
from ragpulse.metric import Sample, one_of
from ragpulse.tiers import addresses

if TYPE_CHECKING:
    from exporters.probe import Plan
    from exporters.ray_discovery import Target
    from exporters.ray_page import RayPage
    from ragpulse.inventory import Node
    from ragpulse.services import Ray


class RayHeadSource(RayNodeSource):
    emits = (
        *RayNodeSource.emits, UP, READY, NODE_INFO, CERTIFICATE_EXPIRES, names.EXPECTED_NODES, names.NODE_ALIVE,
        names.NODES_ALIVE, names.UNKNOWN_NODES, names.DASHBOARD_STATE, names.DISCOVERY_STATE, names.TARGET_LISTED,
        names.NODE_FAILURES, names.RANK,
    )  # fmt: skip

    def __init__(
        self,
        plan: Plan,
        ray: Ray,
        nodes: Mapping[str, Node],
        *,
        members: Members | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(plan, ray, ray.nodes[0], nodes)
        self._members = members or Members({name: addresses(found).values() for name, found in nodes.items()})
        self._addresses = {name: found.address for name, found in nodes.items()}
        self._dashboard = RayDashboard(ray, plan.request_timeout)
        self._wall = wall
        self._note = ""

    @property
    def note(self) -> str:
        return self._note

    def _look(self, problems: list[str]) -> Iterator[Sample]:
        service, file = self._service, self._ray.discovery_file
        self._members.begin()
        told = self._dashboard.look(self._left, wants_targets=file is None)
        targets = told.targets
        if file is not None:
            discovery = ray_discovery.read(Path(file), self._wall())
            targets = discovery.targets if discovery.state == "present" else None
            yield from one_of(names.DISCOVERY_STATE, "state", names.DISCOVERY_STATES, discovery.state, service=service)
        places = self._places(targets or frozenset())
        found = self._read(places[:MAX_PAGES])
        living, identities = self._living(told, targets, found)
        self._note = self._remarks(told, living, len(places) - MAX_PAGES)
        yield from self._cluster(told, living, is_up=self._is_up(told, found))
        yield from self._ranks(told, identities)
        if targets is not None:
            listed = ray_head.by_discovery(targets, self._members, self._left()).nodes
            for node in self._members.nodes:
                yield names.TARGET_LISTED(node in listed, service=service, ray_node=node)
        if (page := _scheduler(found, self._node)) is not None:
            yield names.NODE_FAILURES(page.node_failures, service=service)
        yield from self._said(found, problems, self._dashboard.version)
        problems += told.problems

    def _places(self, targets: frozenset[Target]) -> list[Place]:
        """The pages to read: those of the head first, the others only where the cluster file names no ports."""
        ports = self._ray.metrics_ports
        listed = {
            (node, port)
            for address, port in targets
            if (node := self._members.of(address, self._left())) is not None and (node == self._node or not ports)
        }
        named = dict.fromkeys((self._node, port) for port in ports)
        return [*named, *sorted(listed - named.keys(), key=lambda place: (place[0] != self._node, place))]

    def _is_up(self, told: Told, found: dict[Place, Read]) -> bool:
        return told.state != "unreachable" or any(
            read.state != "unreachable" for (node, _), read in found.items() if node == self._node
        )

    def _living(
        self, told: Told, targets: frozenset[Target] | None, found: dict[Place, Read]
    ) -> tuple[Living | None, dict[str, str]]:
        if told.nodes is not None:
            return ray_head.by_state_api(told.nodes, self._members, self._left())
        page = _scheduler(found, self._node)
        if targets and (page is not None or told.state == "refusing"):
            return ray_head.by_discovery(targets, self._members, self._left()), {}
        if page is not None and page.nodes is not None:
            ports = [port for port in self._ray.metrics_ports if port not in HEAD_PORTS]
            others = {
                node: (address, ports[0]) for node, address in self._addresses.items() if node != self._node and ports
            }
            return ray_head.by_count(page.nodes, self._members, others, max(0.0, self._left())), {}
        return None, {}

    def _cluster(self, told: Told, living: Living | None, *, is_up: bool) -> Iterator[Sample]:
        service, expected = self._service, self._members.nodes
        yield UP(is_up, service=service)
        yield READY(living is not None and set(expected) <= living.nodes, service=service)
        yield from (NODE_INFO(1, service=service, node_name=node) for node in expected)
        if (expires := self._dashboard.certificate_expires) is not None:
            yield CERTIFICATE_EXPIRES(expires, service=service)
        yield names.EXPECTED_NODES(len(expected), service=service)
        yield from one_of(names.DASHBOARD_STATE, "state", names.DASHBOARD_STATES, told.state, service=service)
        if living is not None:
            yield from living.samples(service, expected)

    def _ranks(self, told: Told, identities: dict[str, str]) -> Iterator[Sample]:
        reported = {(rank, identities[identity]) for rank, identity in told.ranks if identity in identities}
        source = "reported" if reported else "assumed"
        for rank, node in sorted(reported or enumerate(self._members.nodes)):
            yield names.RANK(1, service=self._service, rank=str(rank), ray_node=node, source=source)

    def _remarks(self, told: Told, living: Living | None, unread: int) -> str:
        said: list[str] = []
        if told.state == "refusing":
            said.append(f"the dashboard refuses our token: look at services.{self._service}.token_file")
        if living is not None and living.strangers:
            where = next(filter(fits_label, living.strangers), "an address that is none")
            said.append(
                f"a node of Ray lives at {where}, which no node of the cluster file has: add it to its networks"
            )
        if unread > 0:
            said.append(f"{unread} metrics pages are not read: name services.{self._service}.metrics_ports")
        return "; ".join(said)


def _scheduler(found: dict[Place, Read], head: str) -> RayPage | None:
    """The head's page on which the scheduler counts nodes."""
    pages = (read.page for (node, _), read in found.items() if node == head)
    return next((page for page in pages if page is not None and page.nodes is not None), None)
