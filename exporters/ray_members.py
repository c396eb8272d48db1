"""Which node of the cluster file is it that Ray calls by an address? The one that has it on any of its networks.

Ray replaces a loopback address by one of the host's own: on the head such an address means the head. Host names of the
cluster file are looked up only when an address is met that stands nowhere in it, once in a run however many there are,
and never waited for longer than told.
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping

import httpcore

from exporters.http_names import Names
from ragpulse.stack.this_node import own_addresses

_ANY_PORT = 0


class Members:
    """`addresses`: node of the service → its addresses, the head first. `own`: those of this machine, the head."""

    def __init__(
        self,
        addresses: Mapping[str, Iterable[str]],
        own: Callable[[], frozenset[str]] = own_addresses,
        names: Names | None = None,
    ) -> None:
        self.nodes = tuple(addresses)
        self.head = self.nodes[0]
        self._own = own
        self._mine: frozenset[str] | None = None
        self._has_looked_up = False
        self._names = names or Names()
        self._hosts: dict[str, str] = {}  # host name → node, until it has been looked up
        self._of: dict[str, str] = {}
        for node, known in addresses.items():
            for address in known:
                if _is_address(address):
                    self._of.setdefault(_canonical(address), node)
                else:
                    self._hosts.setdefault(address, node)

    def begin(self) -> None:
        """A new run: what this machine or a host name is called may have changed."""
        self._mine, self._has_looked_up = None, False

    def of(self, address: str, seconds: float, *, is_head: bool = False) -> str | None:
        """`seconds` for looking host names up."""
        if not _is_address(address):
            return self._hosts.get(address)
        address = _canonical(address)
        if (node := self._of.get(address)) is not None:
            return node
        if self._mine is None:
            self._mine = self._own()
        if address in self._mine:
            return self.head
        if not self._has_looked_up:
            self._has_looked_up = True
            self._look_up(seconds)
        return self._of.get(address) or (self.head if is_head else None)

    def _look_up(self, seconds: float) -> None:
        for host, node in self._hosts.items():
            try:
                found = self._names.addresses(host, _ANY_PORT, seconds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            for address in found:
                self._of.setdefault(_canonical(address), node)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _canonical(address: str) -> str:
    return str(ipaddress.ip_address(address.partition("%")[0]))
