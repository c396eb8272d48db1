"""Which ports and addresses does a drill use? Free ones, all its own: two drills may run beside each other."""

import os
import socket
from dataclasses import dataclass
from itertools import product

from ragpulse.demo.ports import DemoPorts
from ragpulse.errors import RagpulseError

_FROM, _TO, _COUNT = 12_000, 20_000, 16
_NODES = ("alpha", "beta", "gamma")
_FAST = 10  # what the address of a node on its second network is higher by


@dataclass(frozen=True, slots=True)
class Places:
    base: int

    @property
    def ports(self) -> DemoPorts:
        return DemoPorts.starting_at(self.base)

    @property
    def gossip(self) -> int:
        """Port of the Alertmanagers between each other."""
        return self.base + _COUNT - 1

    def address(self, node: str) -> str:
        """That of alpha is where the services of the demo listen; the others' addresses no other drill has."""
        return "127.0.0.1" if node == "alpha" else self._own(_NODES.index(node) + 1)

    def fast(self, node: str) -> str:
        """On the second network."""
        return self._own(_NODES.index(node) + 1 + _FAST)

    def _own(self, last: int) -> str:
        return f"127.{self.base // 256}.{self.base % 256}.{last}"


def free_places() -> Places:
    """Errors: RagpulseError."""
    starts = range(_FROM, _TO, _COUNT)
    first = os.getpid() % len(starts)  # so that two drills that start at once look elsewhere first
    for base in (*starts[first:], *starts[:first]):
        places = Places(base)
        if _free(places):
            return places
    raise RagpulseError(f"no {_COUNT} neighbouring ports between {_FROM} and {_TO} are free")


def _free(places: Places) -> bool:
    ports = range(places.base, places.base + _COUNT)
    try:
        for port, node in product(ports, _NODES):
            with socket.socket() as probe:
                probe.bind((places.address(node), port))
    except OSError:
        return False
    return True
