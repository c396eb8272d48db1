"""A server on loopback that behaves as badly as it is told to: raw sockets, one thread for each connection.

A behaviour is a function of one `Conversation`, from the moment the connection stands; when it returns, the connection
is closed. What it says may be any bytes: nothing here knows HTTP but `hear`.
"""

import math
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends RST and drops what was not sent
_LENGTH = re.compile(rb"(?i)\ncontent-length: *(\d+)")
_MOST = 1 << 20  # bytes of a request
_PATIENCE = 10.0


class Conversation:
    """One connection. `stopped` is set when the server goes; `asked` is the head of the last request; `requests` says
    how many more are heard.
    """

    def __init__(self, connection: socket.socket, stopped: threading.Event) -> None:
        self.stopped = stopped
        self.asked = b""
        self.requests = math.inf
        self._connection = connection
        self._heard = b""

    def hear(self) -> str | None:
        """The path of the next request, once it has come whole; None when the client has gone."""
        if self.requests <= 0:
            return None
        self.requests -= 1
        while b"\r\n\r\n" not in self._heard:
            if not self._more():
                return None
        self.asked, _, self._heard = self._heard.partition(b"\r\n\r\n")
        length = int(found[1]) if (found := _LENGTH.search(self.asked)) else 0
        while len(self._heard) < length:
            if not self._more():
                return None
        self._heard = self._heard[length:]
        return self.asked.split(b" ", 2)[1].decode()

    def say(self, raw: bytes) -> None:
        self._connection.sendall(raw)

    def reset(self) -> None:
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._connection.close()

    def _more(self) -> bool:
        received = self._connection.recv(65_536)
        self._heard += received
        return bool(received) and len(self._heard) <= _MOST


Behaviour = Callable[[Conversation], None]


def routed(routes: Mapping[str, bytes], other: bytes) -> Behaviour:
    """To each request the raw answer of its path, on a connection that is kept."""

    def behave(talk: Conversation) -> None:
        while (path := talk.hear()) is not None:
            talk.say(routes.get(path, other))

    return behave


def in_turn(behaviours: Sequence[Behaviour]) -> Behaviour:
    """Each request meets the next one, on a connection of its own."""
    turn, lock = cycle(behaviours), threading.Lock()

    def behave(talk: Conversation) -> None:
        with lock:
            current = next(turn)
        talk.requests = 1
        current(talk)

    return behave


class _Server:
    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._accepting = threading.Thread(target=self._accept)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def start(self) -> None:
        self._accepting.start()

    def stop(self) -> None:
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # close alone does not wake who accepts
        self._accepting.join(_PATIENCE)
        self._listener.close()
        with self._lock:
            left = list(self._open.items())
        for thread, connection in left:
            _hang_up(connection)
            thread.join(_PATIENCE)
            assert not thread.is_alive(), "a behaviour does not end"

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            with self._lock:
                self._open[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._behaviour(Conversation(connection, self._stopped))
        except OSError:
            pass  # the client had enough
        finally:
            with self._lock:
                del self._open[threading.current_thread()]


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def hostile(behaviour: Behaviour) -> Iterator[str]:
    """The URL of a server that behaves like this to everybody. Nothing of it is left after the block."""
    server = _Server(behaviour)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def never_accepting(host: str = "127.0.0.1") -> Iterator[str]:
    """The URL of a listener whose queue is full: the kernel drops every further attempt to connect."""
    with socket.create_server((host, 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(listener.getsockname())
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            for one in waiting:
                one.close()
