"""The agent of one node: builds its sources, runs and serves them until SIGTERM or SIGINT.

Logs to standard error as key=value lines. It ends within two seconds whatever its sources do: their threads are left
behind, for one that hangs in a driver cannot be ended.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from exporters.page import Page, render
from exporters.runner import Runner
from exporters.scheduler import Schedule
from exporters.server import application, listener, server
from exporters.source import Source
from ragpulse import __version__
from ragpulse.catalogue.agent import BUILD_INFO

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster

_log = logging.getLogger(__name__)
_OURS = ("exporters", "ragpulse")


def run(cluster: Cluster, node: str, listen: tuple[str, int] | None = None) -> int:
    """Runs the agent of `node` to its end; returns the exit status. Errors: ListenError."""
    from exporters.build import build  # noqa: PLC0415 - all the sources' libraries, needed only from here on

    log_to_stderr()
    here = cluster.nodes[node]
    address, port = listen or (here.address, here.port)
    setting = "--listen" if listen else f"nodes.{node}.port"
    with listener(address, port, setting) as bound:
        serve(build(cluster, node), node, bound, cluster.note)
    return 0


def serve(sources: Sequence[Source], node: str, bound: socket.socket, note: str = "") -> None:
    """Runs `sources` and answers on `bound` until SIGTERM or SIGINT; threads that hang are left behind."""
    page = Page(time.monotonic)
    page.put(page.part(), render([BUILD_INFO(1, version=__version__)], [BUILD_INFO]))
    runners = [Runner(source, page) for source in sources]
    answering = server(application(node, page, runners, note))

    def end(*_: object) -> None:
        # uvicorn catches these signals while it serves and raises them again when it has ended: this is where to.
        answering.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    schedule = Schedule(runners)
    schedule.start()
    host, port, *_ = bound.getsockname()
    _log.info("node=%s version=%s sources=%d listen=%s:%d", node, __version__, len(runners), host, port)
    answering.run(sockets=[bound])
    schedule.stop()
    _log.info("node=%s state=ended", node)


def leave(status: int) -> NoReturn:
    """Ends the process now: the interpreter's own way out may wait for, or fall over, threads that hang."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_KeyValue())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for library in ("apscheduler", "httpx", "httpcore", "uvicorn"):
        logging.getLogger(library).setLevel(logging.WARNING)


class _KeyValue(logging.Formatter):
    """Our own messages are key=value as they are; those of libraries become one value."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        moment = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(record.created))
        message = record.message
        if not record.name.startswith(_OURS):
            message = f"logger={record.name} message={json.dumps(message)}"
        return f"time={moment} level={record.levelname.lower()} {message}"
