"""The agent of one node: builds its sources, runs and serves them until SIGTERM or SIGINT.

SIGHUP reads the cluster file anew: what changed is changed, what stayed goes on, and a file with a mistake changes
nothing. It ends within two seconds whatever its sources do: their threads are left behind, for one that hangs in a
driver cannot be ended. When the NVIDIA driver is replaced, so that only a new process can read GPUs, the page says so
for two scrapes; then the agent ends with status 1, for whoever supervises it to start it anew.
"""

from __future__ import annotations

import json
import logging
import signal
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from exporters import ending
from exporters.about import About
from exporters.answers import answers
from exporters.clocks import MACHINE
from exporters.nvml import Nvml
from exporters.page import Page, render
from exporters.planned import Planned
from exporters.reload import Reload
from exporters.roster import Roster
from exporters.scheduler import Schedule
from exporters.server import Server, listener
from ragpulse import __version__
from ragpulse.catalogue.agent import BUILD_INFO
from ragpulse.errors import RagpulseError

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster

_log = logging.getLogger(__name__)
_LAST_SCRAPES = 2
Wanted = tuple[Iterable[Planned], str]  # what the cluster file says of this agent: its sources, and its note


class StaysError(RagpulseError):
    """A new cluster file that asks a running agent for what only a new one can do."""


def run(read: Callable[[], Cluster], node: str, listen: tuple[str, int] | None = None, nvml: Nvml | None = None) -> int:
    """Runs the agent of `node` to its end; returns the exit status. `read` gives the cluster of now, at each call anew.

    `nvml`: another than that of this machine. Errors: those of `read`, ListenError.
    """
    from exporters.build import build  # noqa: PLC0415 - all the sources' libraries, needed only from here on

    # One that comes while the agent starts waits until there is somebody to hear it; by default it would end us.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    cluster = read()
    here = cluster.nodes[node]
    address, port = listen or (here.address, here.port)
    setting = "--listen" if listen else f"nodes.{node}.port"
    gpus = nvml or Nvml()

    def anew() -> Wanted:
        cluster = read()
        moved = cluster.nodes[node]
        if not listen and (moved.address, moved.port) != (address, port):
            raise StaysError(f"nodes.{node}: address and port have changed; restart the agent to move it")
        return build(cluster, node, gpus), cluster.note

    grace = _LAST_SCRAPES * cluster.monitoring.scrape_interval
    gpus.when_outlived = lambda: ending.end_for_a_new_driver(node, grace)
    with listener(address, port, setting) as bound:
        serve((build(cluster, node, gpus), cluster.note), node, bound, anew, gpus)
    return 1 if gpus.is_outlived else 0


def serve(first: Wanted, node: str, bound: socket.socket, anew: Callable[[], Wanted], gpus: Nvml | None = None) -> None:
    """Runs what is wanted and answers on `bound` until SIGTERM or SIGINT; threads that hang are left behind."""
    page = Page(MACHINE.since_boot)
    page.put(page.part(), render([BUILD_INFO(1, version=__version__)], [BUILD_INFO]))
    schedule = Schedule([])
    roster = Roster(page, schedule)
    about = About(node)

    def adopt(wanted: Wanted) -> str:
        planned, about.note = wanted
        change = roster.adopt(planned)
        return f"started={json.dumps(change.started)} ended={json.dumps(change.ended)}"

    if gpus is not None:
        gpus.when_seen = roster.again
    adopt(first)
    reload = Reload(lambda: adopt(anew()), about, page)
    server = Server(answers(about, page, roster.runners))
    for number in ending.SIGNALS:
        signal.signal(number, lambda *_: server.end())
    signal.signal(signal.SIGHUP, lambda *_: reload.ask())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    schedule.start()
    reload.start()
    host, port, *_ = bound.getsockname()
    sources = sum(1 for _ in roster.runners())
    _log.info("node=%s version=%s sources=%d listen=%s:%d", node, __version__, sources, host, port)
    server.run(bound)
    schedule.stop()
    ending.say(node)
