"""Can the host be looked up, is there a way to it, and does its port take a connection? Once for all who need it.

Each host name is looked up once, each address asked for a way once: any answer of any port that we know there will do,
a refusal too, for then the other machine has answered. Only then is a port judged. Seconds.
"""

from __future__ import annotations

import socket
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import httpcore

from exporters.checks.check import Check, Key, Result, Scene, failed, is_address, is_loopback, note, well
from exporters.http_names import Names
from exporters.tcp_connect import Outcome, connect_all
from ragpulse.endpoints import authority
from ragpulse.stack.this_node import own_addresses
from ragpulse.tiers import HOME_TIER, addresses

_SECONDS = 3.0  # long enough to see one lost SYN, sent again after 1 s
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for: `setting` is the key of the cluster file that names it."""

    host: str
    port: int
    setting: str

    @classmethod
    def of_url(cls, url: str, setting: str) -> Target:
        parts = urlsplit(url)
        return cls(parts.hostname or "", parts.port or _PORTS[parts.scheme], setting)


class Ways:
    """Collects who must be reached, and gives the checks for it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._own = addresses(scene.cluster.nodes[scene.node])
        # A host name that two networks share belongs to the first; our own node needs no way.
        self._tiers: dict[str, tuple[str, str]] = {}
        for name, node in scene.cluster.nodes.items():
            for tier, address in addresses(node).items():
                if name != scene.node and (tier in self._own or tier == HOME_TIER):
                    self._tiers.setdefault(address, (name, tier))
        self._checks: dict[Key, Check] = {}
        self._ports: dict[tuple[str, int], Key] = {}

    def checks(self) -> Iterator[Check]:
        yield from self._checks.values()

    def to_node(self, node: str) -> None:
        """Every network of it that we have as well."""
        described = self._scene.cluster.nodes[node]
        for tier, address in addresses(described).items():
            if tier in self._own:
                setting = f"nodes.{node}.address" if tier == HOME_TIER else f"nodes.{node}.networks.{tier}"
                self.to_host(Target(address, described.port, setting))

    def to_host(self, target: Target) -> tuple[Key, ...]:
        """What a check needs that asks this host. A port that is known there may prove the way."""
        self._ports.setdefault((target.host, target.port), ("", ""))
        needs: tuple[Key, ...] = ()
        if not is_address(target.host):
            needs = (self._add(Check(f"host {target.host}", "name", partial(self._name, target))),)
        if target.host in self._own.values() or is_loopback_of_ours(self._scene, target.host):
            return needs
        subject, aspect = f"host {target.host}", "route"
        if target.host in self._tiers:
            node, tier = self._tiers[target.host]
            subject, aspect = f"node {node}", f"route {tier}"
        return (self._add(Check(subject, aspect, partial(self._route, target), needs)),)

    def to_port(self, target: Target, subject: str, services: frozenset[str], aspect: str = "port") -> Key:
        """The first who asks for a port gives its check the name."""
        known = self._ports.get((target.host, target.port), ("", ""))
        if known in self._checks:
            return known
        needs = self.to_host(target)
        key = self._add(Check(subject, aspect, partial(self._port, target, subject), needs, services))
        self._ports[target.host, target.port] = key
        return key

    def _add(self, check: Check) -> Key:
        self._checks.setdefault(check.key, check)
        return check.key

    def _name(self, target: Target) -> Result:
        mend = (
            f"correct {target.setting} in {self._scene.file}, or give {target.host} an entry in DNS or in /etc/hosts"
            f" of {self._scene.node}"
        )
        try:
            found = Names().addresses(target.host, target.port, _SECONDS)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            return failed(str(error), mend)
        return well(" ".join(dict.fromkeys(found)))

    def _route(self, target: Target) -> Result:
        ports = sorted(port for host, port in self._ports if host == target.host)
        for address, outcome in reached(target.host, ports):
            if outcome.reason is None:
                return self._left_from(target.host, address, outcome)
        listed = ", ".join(map(str, ports))
        return failed(
            f"no answer from {target.host} (tried port {listed})",
            f"is that machine on, its cable in, and {target.setting} in {self._scene.file} right? try: ip route get"
            f" {target.host}; ping -c 3 {target.host}",
        )

    def _left_from(self, host: str, address: str, outcome: Outcome) -> Result:
        """Whether what is meant for a network leaves by our own address on it."""
        source, tier = source_of(address), self._tiers.get(host, ("", ""))[1]
        meant, detail = self._own.get(tier, ""), f"{1000 * outcome.seconds:.1f} ms"
        if is_detour(source, meant, own_addresses()):
            return note(f"{detail}, but from {source} and not from {meant}: another network is used; see: ip route")
        return well(f"{detail}, from {source}" if source else detail)

    def _port(self, target: Target, subject: str) -> Result:
        place = authority(target.host, target.port)
        tried = [outcome for _, outcome in reached(target.host, [target.port])]
        if (found := next((one for one in tried if one.reason is None and not one.refused), None)) is not None:
            return well(f"{place} in {1000 * found.seconds:.1f} ms")
        correct = f"correct {target.setting} in {self._scene.file}"
        if any(outcome.refused for outcome in tried):
            return failed(
                f"nobody listens on {place}", f"start {subject} there and look at its log if it ends, or {correct}"
            )
        return failed(
            f"no answer from {place}", f"let the firewall of that machine pass port {target.port}, or {correct}"
        )


def is_loopback_of_ours(scene: Scene, host: str) -> bool:
    """One that means this machine, and is not another node of a demo."""
    return is_loopback(host) and all(host not in addresses(node).values() for node in scene.cluster.nodes.values())


def reached(host: str, ports: list[int]) -> Iterator[tuple[str, Outcome]]:
    """Each outcome as it comes, with the address that was tried; nothing for a name that cannot be looked up."""
    try:
        found = dict.fromkeys(Names().addresses(host, ports[0], _SECONDS))
    except (httpcore.ConnectError, httpcore.ConnectTimeout):
        return
    yield from connect_all(((address, address, port) for address in found for port in ports), _SECONDS)


def is_detour(source: str, meant: str, own: Container[str]) -> bool:
    """Whether packets leave with another address than the one on the network that is meant, though we have that one."""
    return bool(source) and meant in own and source != meant and not is_loopback(meant)


def source_of(address: str) -> str:
    """Our own address on the way there; nothing is sent. Empty where the kernel has no way."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as opened:
            opened.connect((address, 9))
            return str(opened.getsockname()[0])
    except OSError:
        return ""
