"""Which network of the cluster file does an interface belong to? From its addresses, or by name where the file says so.

An interface named in `tiers.<t>.interfaces` belongs to that tier; else the one that holds the node's address of a
network. A link that loses its address (network managers take it away with the carrier) keeps its tier until another
link holds the address, for that is when the tier is asked for. Host names of the cluster file are looked up once they
can be; until then their tier is unknown.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from ragpulse.tiers import addresses

if TYPE_CHECKING:
    from ragpulse.inventory import Node

Interfaces = Mapping[str, Iterable[str]]  # interface → its addresses


def look_up(host: str) -> set[str]:
    """The addresses of a host name; none when it cannot be looked up now."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return set()
    return {str(address[0]) for *_, address in found}


class LinkTiers:
    def __init__(self, node: Node, resolve: Callable[[str], set[str]] = look_up) -> None:
        self._named = {interface: tier for tier, part in node.tiers.items() for interface in part.interfaces}
        self._hosts = addresses(node)
        self._resolve = resolve
        self._known: dict[str, set[str]] = {}
        self._last: dict[str, str] = {}

    def of(self, interfaces: Interfaces) -> dict[str, str]:
        """Interface → tier, for those that have one. The first network of the file wins where two share a link."""
        owners = {_plain(address): name for name, addresses in interfaces.items() for address in addresses}
        # Linux answers on the whole of 127.0.0.0/8, though only one address of it stands in the interface's list.
        loopback = next((owner for address, owner in owners.items() if _is_loopback(address)), None)
        tiers: dict[str, str] = {}
        for tier, host in self._hosts.items():
            for address in self._addresses(host):
                owner = owners.get(_plain(address)) or (loopback if _is_loopback(address) else None)
                if owner is not None:
                    tiers.setdefault(owner, tier)
        taken = set(tiers.values())
        self._last = {link: tier for link, tier in self._last.items() if tier not in taken} | tiers
        return self._last | self._named

    def _addresses(self, host: str) -> set[str]:
        if _is_address(host):
            return {host}
        if host not in self._known:
            found = self._resolve(host)
            if not found:
                return set()
            self._known[host] = found
        return self._known[host]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _plain(address: str) -> str:
    """One spelling for each address; link-local ones come as `fe80::1%eth0`."""
    text = address.partition("%")[0]
    return str(ipaddress.ip_address(text)) if _is_address(text) else text


def _is_loopback(address: str) -> bool:
    text = address.partition("%")[0]
    return _is_address(text) and ipaddress.ip_address(text).is_loopback
