"""What does the demo cost that `ragpulse up` starts: its two agents and the supervisor, while nobody and while somebody
scrapes?

The real demo in a folder of its own. Its Prometheus is held, so that only what is counted here asks the agents.
Shares of one core; bytes. Errors: RagpulseError.
"""

import math
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from benchmarks import exposition
from benchmarks.connection import Connection
from benchmarks.pacing import Advance, Target, paced, wait
from benchmarks.process import Holdings, cpu_shares, holdings
from benchmarks.started import HOST, free_port
from ragpulse import cluster_file
from ragpulse.demo.ports import DemoPorts
from ragpulse.errors import RagpulseError
from ragpulse.stack.state import State
from ragpulse.stack.stop import stop

SCRAPE_PERIOD = 10.0
_PATIENCE = 30.0
_LOOK = 0.1
_TRIES = 20


class Demo:
    def __init__(self, state: State) -> None:
        self._state = state
        self.cluster_file = state.cluster_file

    def hold(self, *names: str) -> None:
        """Errors: RagpulseError when they do not end."""
        for name in names:
            self._state.hold(name)
        end = time.monotonic() + _PATIENCE
        while any(self._state.statuses()[name].state != "held" for name in names):
            if time.monotonic() > end:
                raise RagpulseError(f"the demo does not stop {', '.join(names)}; see {self._state.logs}")
            time.sleep(_LOOK)

    def agents(self) -> dict[str, Target]:
        """Process → the agent, with a connection of its own."""
        cluster = cluster_file.load(self.cluster_file)
        found = {}
        for name, node in cluster.nodes.items():
            process = f"agent-{name}"
            identity = self._state.statuses()[process].identity
            if identity is None:
                raise RagpulseError(f"{process} of the demo does not run; see {self._state.log(process)}")
            found[process] = Target(identity.pid, Connection(node.address, node.port))
        return found

    def supervisor(self) -> int:
        identity = self._state.supervisor()
        if identity is None:
            raise RagpulseError(f"the demo's supervisor does not run; see {self._state.log('supervisor')}")
        return identity.pid


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Up and ready; ended, whatever happens."""
    state = State(folder / "state")
    argv = (sys.executable, "-m", "ragpulse", "up", "--state", state.folder, f"--ports-from={_free_ports()}")
    try:
        # Not where a cluster.yaml may lie, which would be started instead.
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RagpulseError(done.stderr.strip() or done.stdout.strip())
        yield Demo(state)
    finally:
        stop(state)


@dataclass(frozen=True, slots=True)
class Background:
    """Shares of one core: `alone` while nobody scrapes, `scraped` with one scrape each `SCRAPE_PERIOD`."""

    name: str
    alone: float
    scraped: float
    series: int | None
    holdings: Holdings


def background(demo: Demo, seconds: float, advance: Advance) -> list[Background]:
    """Takes `seconds` twice."""
    demo.hold("prometheus")
    agents = demo.agents()
    pids = {name: target.pid for name, target in agents.items()} | {"supervisor": demo.supervisor()}
    rounds = math.ceil(seconds / SCRAPE_PERIOD)
    alone = cpu_shares(pids, lambda: wait(seconds, advance))
    scraped = cpu_shares(pids, lambda: paced(tuple(agents.values()), rounds, SCRAPE_PERIOD, advance))
    held = {name: holdings(pid) for name, pid in pids.items()}
    for target in agents.values():
        target.connection.close()
    series = {name: exposition.series(exposition.text(target.answers[-1].raw)) for name, target in agents.items()}
    return [Background(name, alone[name], scraped[name], series.get(name), held[name]) for name in pids]


def _free_ports() -> int:
    """The first of as many consecutive free ports as the demo needs."""
    count = len(fields(DemoPorts))
    for _ in range(_TRIES):
        first = free_port()
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise RagpulseError(f"no {count} consecutive free ports were found for the demo")


def _is_free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True
