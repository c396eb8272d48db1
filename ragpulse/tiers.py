"""The networks of a node: its tiers by name, that of its own address first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragpulse.inventory import Node

HOME_TIER = "home"  # the network of `nodes.<n>.address`


def addresses(node: Node) -> dict[str, str]:
    """Tier name → address."""
    return {HOME_TIER: node.address, **node.networks}
