"""A relay on loopback that hands on every byte and lets each answer wait, as a slow proxy or network does.

It can also lose one connection, as a network does now and then. What it relays to may go and come back meanwhile.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_CHUNK = 65_536
_RESET = struct.pack("ii", 1, 0)  # what is unsent is forgotten, and the other end is told so


class Relay:
    """`delay`: seconds by which the first byte of each answer comes later; it may be changed at any time."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._ways: set[_Way] = set()
        self._lock = threading.Lock()
        self._loses: bytes | None = None
        self._stopped = False
        self.delay = 0.0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def lose(self, question: bytes) -> None:
        """The next connection whose first question begins so is reset. Those that are kept end, so that there is a new
        one: clients ask again by themselves where a kept one has gone.
        """
        with self._lock:
            self._loses = question
            ways = list(self._ways)
        for way in ways:
            way.end()

    @property
    def has_lost(self) -> bool:
        """What was to be lost is."""
        return self._loses is None

    def stop(self) -> None:
        """What is on its way is lost."""
        with self._lock:
            self._stopped = True
            ways = list(self._ways)
        _shut(self._listener)
        self._accepting.join()
        self._listener.close()
        for way in ways:
            way.end()
        for way in ways:
            way.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with self._lock:
                    if self._stopped:
                        client.close()
                        return
                    way = _Way(self, client, self._target)
                    self._ways.add(way)
                way.start()

    def gone(self, way: "_Way") -> None:
        with self._lock:
            self._ways.discard(way)

    def is_lost(self, question: bytes) -> bool:
        with self._lock:
            if self._loses is None or not question.startswith(self._loses):
                return False
            self._loses = None
            return True


class _Way(threading.Thread):
    """One client's connection and the one that it stands for: this thread hands on answers, another one questions."""

    def __init__(self, relay: Relay, client: socket.socket, target: tuple[str, int]) -> None:
        super().__init__(daemon=True)
        self._relay = relay
        self._client = client
        self._target = target
        self._asked = threading.Event()

    def end(self) -> None:
        _shut(self._client)

    def run(self) -> None:
        try:
            with self._client, contextlib.suppress(OSError):
                self._hand_on()
        finally:
            self._relay.gone(self)

    def _hand_on(self) -> None:
        first = self._client.recv(_CHUNK)
        if not first:
            return
        if self._relay.is_lost(first):
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return
        with socket.create_connection(self._target) as server:
            for end in (self._client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            questions = threading.Thread(target=self._questions, args=(server, first), daemon=True)
            questions.start()
            try:
                self._answers(server)
            finally:
                _shut(self._client)
                _shut(server)
                questions.join()

    def _questions(self, server: socket.socket, chunk: bytes) -> None:
        with contextlib.suppress(OSError):
            while chunk:
                self._asked.set()
                server.sendall(chunk)
                chunk = self._client.recv(_CHUNK)
        _shut(server)

    def _answers(self, server: socket.socket) -> None:
        while chunk := server.recv(_CHUNK):
            if self._asked.is_set():
                self._asked.clear()
                time.sleep(self._relay.delay)
            self._client.sendall(chunk)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay(target: str) -> Iterator[Relay]:
    made = Relay(target)
    try:
        yield made
    finally:
        made.stop()
