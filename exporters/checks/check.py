"""What a check is: one question about one thing, the checks that it needs, and an answer that says what to do.

A check asks what its dependence on others leaves open, and nothing else: a host that cannot be looked up is one failed
check, and all that needs it is skipped. It ends within its own time limits.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ragpulse import node_files, vantage

if TYPE_CHECKING:
    from ragpulse.errors import Problem
    from ragpulse.inventory import Cluster

# note: nothing is broken, and somebody should know. not checked: it cannot be judged from here, and the text says why.
State = Literal["well", "note", "failed", "skipped", "not checked"]
STATES: tuple[State, ...] = ("well", "note", "failed", "skipped", "not checked")
Key = tuple[str, str]  # subject, aspect
SPARE = 20.0


@dataclass(frozen=True, slots=True)
class Result:
    """`mend`: what to do, in one sentence; only of a failed one. `root`: of a skipped one, the check that failed."""

    state: State
    detail: str
    mend: str = ""
    root: Key | None = None


def well(detail: str) -> Result:
    return Result("well", detail)


def note(detail: str) -> Result:
    return Result("note", detail)


def failed(detail: str, mend: str) -> Result:
    return Result("failed", detail, mend)


def not_checked(why: str) -> Result:
    return Result("not checked", why)


@dataclass(frozen=True, slots=True)
class Check:
    """`services`: those it is about, all of which must be asked for; none where it is about the cluster. `limit`:
    seconds after which it is given up, beyond all that its own requests may take.
    """

    subject: str
    aspect: str
    run: Callable[[], Result]
    needs: tuple[Key, ...] = ()
    services: frozenset[str] = frozenset()
    limit: float = SPARE

    @property
    def key(self) -> Key:
        return self.subject, self.aspect


@dataclass(frozen=True, slots=True)
class Scene:
    """Where we stand. `file`: the cluster file as the operator calls it; `problems`: of the files of this node."""

    cluster: Cluster
    node: str
    file: str
    problems: tuple[Problem, ...] = ()

    def asks(self, service: str) -> bool:
        """Whether the agent of this node asks the service, and so must have its secrets."""
        return node_files.asks(self.cluster, self.node, service)

    def is_home(self, service: str) -> bool:
        return vantage.home(self.cluster, service) == self.node

    def is_out_of_reach(self, host: str) -> bool:
        """Whether a loopback address means this machine only: the nodes of a demo share one."""
        return is_loopback(host) and not is_loopback(self.cluster.nodes[self.node].address)


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)
