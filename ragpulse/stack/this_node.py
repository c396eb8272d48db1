"""Which node of the cluster file is this machine? The one that owns one of its addresses."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

import psutil

from ragpulse.errors import RagpulseError
from ragpulse.tiers import addresses

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster, Node


class NodeError(RagpulseError):
    """It cannot be told, or the named one does not exist."""

    exit_code = 2


def this_node(cluster: Cluster, named: str | None, own_addresses: frozenset[str]) -> str:
    """Errors: NodeError."""
    names = ", ".join(cluster.nodes)
    if named is not None:
        if named not in cluster.nodes:
            raise NodeError(f"--node {named}: there is no such node; the cluster file has {names}")
        return named
    found = [name for name, node in cluster.nodes.items() if _owns(node, own_addresses)]
    if not found:
        raise NodeError(f"this machine owns no address of any node ({names}); say which it is with --node")
    if len(found) > 1:
        raise NodeError(f"this machine owns addresses of {' and '.join(found)}; say which it is with --node")
    return found[0]


def own_addresses() -> frozenset[str]:
    """Of all interfaces, as the kernel has them, without the zone of link-local ones."""
    return frozenset(
        entry.address.partition("%")[0]
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in {socket.AF_INET, socket.AF_INET6}
    )


def _owns(node: Node, own: frozenset[str]) -> bool:
    return any(_is_ours(address, own) for address in addresses(node).values())


def _is_ours(address: str, own: frozenset[str]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _host_name_is_ours(address, own)
    return parsed.is_loopback or str(parsed) in own


def _host_name_is_ours(name: str, own: frozenset[str]) -> bool:
    if name == socket.gethostname():
        return True
    try:
        resolved = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    except OSError:
        return False
    return bool(resolved & own)
