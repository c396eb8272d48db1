"""Where does the agent listen, whom does it let in, and how does it end?

Errors: `ListenError` when the address cannot be had. When no descriptor is left for a connection, the log says
so at most once in `_COMPLAINT_SECONDS`.
"""

import asyncio
import errno
import json
import logging
import socket
from collections.abc import Callable
from concurrent.futures import Future
from math import inf
from typing import Any

import h11

from exporters.answers import Answer
from exporters.connection import Connection, Connections
from exporters.wakeful import woken_by_signals
from ragpulse.errors import RagpulseError

_BACKLOG = 1024  # that wait in the kernel until it is their turn: hundreds may come at once
_SEND_BUFFER = 256 * 1024  # bytes in the kernel for one client: some pages, and no megabytes for one that never reads
_LAST_SECONDS = 1.0  # for answers that are still being sent when the agent ends
_RETRY_SECONDS = 1.0  # until the next try when no descriptor is left, and none of them is a connection's
_COMPLAINT_SECONDS = 60.0
_log = logging.getLogger(__name__)


class ListenError(RagpulseError):
    """The address of the agent cannot be listened on: says which, why and which setting moves it."""

    exit_code = 2


def listener(address: str, port: int, setting: str) -> socket.socket:
    """A listening socket; `setting` is where `port` was written. Errors: ListenError."""
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    try:
        # The protocol is named because asyncio switches Nagle's algorithm off only where it is: 40 ms for each answer.
        family, kind, protocol, _, name = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        return _bound(socket.socket(family, kind, protocol), name)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = "another process listens there already"
        elif error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
            why = "this machine has no such address"
        else:
            why = error.strerror or type(error).__name__
        raise ListenError(f"the agent cannot listen on {place}: {why}; change {setting}") from error


def _bound(opened: socket.socket, name: Any) -> socket.socket:
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)  # inherited by every connection
        opened.bind(name)
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


class Server:
    """Answers on a socket that listens already, until `end`, which any thread and any signal handler may call."""

    def __init__(self, answer: Callable[[h11.Request], Answer]) -> None:
        self._answer = answer
        self._connections = Connections()
        self._arriving: set[asyncio.Task[Any]] = set()
        self._end: Future[None] = Future()
        self._told = -inf

    def run(self, bound: socket.socket) -> None:
        """Closes `bound`; ends at the latest `_LAST_SECONDS` after it was told to."""
        asyncio.run(self._serve(bound))

    def end(self) -> None:
        if not self._end.done():
            self._end.set_result(None)

    async def _serve(self, bound: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        bound.setblocking(False)
        self._listen(bound)
        with woken_by_signals(self._loop):
            await asyncio.wrap_future(self._end)
        self._loop.remove_reader(bound)
        bound.close()
        if last := tuple(self._connections):
            for connection in last:
                connection.close()
            await asyncio.wait([connection.gone for connection in last], timeout=_LAST_SECONDS)
            for connection in tuple(self._connections):
                connection.abort()

    def _listen(self, bound: socket.socket) -> None:
        if not self._end.done():
            self._loop.add_reader(bound, self._accept, bound)

    def _accept(self, bound: socket.socket) -> None:
        """One for each round of the loop, so that others may go in between; asyncio's own server takes a hundred."""
        try:
            accepted, _ = bound.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            self._complain(error)
            if not self._connections.make_room():
                self._loop.remove_reader(bound)
                self._loop.call_later(_RETRY_SECONDS, self._listen, bound)
            return
        accepted.setblocking(False)
        arriving = self._loop.create_task(self._loop.connect_accepted_socket(self._connection, accepted))
        self._arriving.add(arriving)
        arriving.add_done_callback(self._arriving.discard)

    def _connection(self) -> Connection:
        return Connection(self._answer, self._connections)

    def _complain(self, error: OSError) -> None:
        if self._loop.time() >= self._told + _COMPLAINT_SECONDS:
            self._told = self._loop.time()
            _log.warning("connections=%d state=crowded error=%s", len(self._connections), json.dumps(error.strerror))
