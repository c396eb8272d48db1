"""What the sources about links share: which network of the cluster file an interface belongs to, now."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from exporters.kernel_files import KernelReading
from exporters.link_tiers import Interfaces, LinkTiers, look_up

if TYPE_CHECKING:
    from ragpulse.inventory import Node


def interface_addresses() -> dict[str, list[str]]:
    internet = (socket.AF_INET, socket.AF_INET6)
    return {
        name: [entry.address for entry in entries if entry.family in internet]
        for name, entries in psutil.net_if_addrs().items()
    }


class LinkReading(KernelReading):
    def __init__(
        self,
        node: Node,
        root: Path = Path("/"),
        addresses: Callable[[], Interfaces] = interface_addresses,
        resolve: Callable[[str], set[str]] = look_up,
    ) -> None:
        super().__init__(root)
        self._addresses = addresses
        self._tiers = LinkTiers(node, resolve)

    def tiers(self) -> dict[str, str]:
        """Interface → tier, for those that have one."""
        return self._tiers.of(self._addresses())
