"""Which nodes of a Ray cluster live, against those that the cluster file expects? Decided on the head.

In this order: the state API names the nodes that live. Without it (no dashboard, or it wants another token) a fresh
discovery file lists them. Without that, the head's own scheduler counts them: when all are there each of them lives;
when one is missing, a node whose metrics port takes a connection lives. When neither the dashboard nor the head's own
page answers, nothing is said of any node: what lives there is unknown. Ray itself needs 15 s to find a node dead.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from exporters.ray_api import LivingNode
from exporters.ray_discovery import Target
from exporters.ray_members import Members
from exporters.ray_pages import HEAD_PORTS
from exporters.tcp_connect import connect_all
from ragpulse.catalogue import ray
from ragpulse.metric import Sample


@dataclass(frozen=True, slots=True)
class Living:
    """`nodes`: of the cluster file. `count`: of all that Ray counts; `strangers`: those among them at an address that
    no node has.
    """

    nodes: frozenset[str]
    count: int
    strangers: tuple[str, ...] = ()

    def samples(self, service: str, expected: Iterable[str]) -> Iterator[Sample]:
        for node in expected:
            yield ray.NODE_ALIVE(node in self.nodes, service=service, ray_node=node)
        yield ray.NODES_ALIVE(self.count, service=service)
        yield ray.UNKNOWN_NODES(len(self.strangers), service=service)


def by_state_api(listed: Iterable[LivingNode], members: Members, seconds: float) -> tuple[Living, dict[str, str]]:
    """Also Ray's identity of a node → its name."""
    identities: dict[str, str] = {}
    strangers: list[str] = []
    listed = list(listed)
    for one in listed:
        if (node := members.of(one.address, seconds, is_head=one.is_head)) is None:
            strangers.append(one.address)
        else:
            identities[one.identity] = node
    return Living(frozenset(identities.values()), len(listed), tuple(strangers)), identities


def by_discovery(targets: Iterable[Target], members: Members, seconds: float) -> Living:
    agents = [address for address, port in sorted(targets) if port not in HEAD_PORTS]
    found = {address: members.of(address, seconds) for address in agents}
    strangers = tuple(address for address, node in found.items() if node is None)
    return Living(frozenset(filter(None, found.values())), len(agents), strangers)


def by_count(count: int, members: Members, ways: Mapping[str, tuple[str, int]], seconds: float) -> Living:
    """`ways`: node → where its metrics page is, of those that have one."""
    if count >= len(members.nodes):
        return Living(frozenset(members.nodes), count)
    reached = {
        node
        for node, connected in connect_all(((node, *way) for node, way in ways.items()), seconds)
        if connected.reason is None and not connected.refused
    }
    return Living(frozenset({members.head} | reached), count)
