"""A relay on loopback that hands on every byte and lets each answer wait, as a slow proxy or network does."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_CHUNK = 65_536


class Relay:
    """`delay`: seconds by which the first byte of each answer comes later; it may be changed at any time."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self.delay = 0.0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._run(self._accept)

    def stop(self) -> None:
        """What is on its way is lost."""
        for end in self._open:
            _shut(end)
        for thread in self._threads:
            thread.join()
        for end in self._open:
            end.close()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(self._target)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [client, server]
            asked = threading.Event()
            self._run(self._questions, client, server, asked)
            self._run(self._answers, client, server, asked)

    def _questions(self, client: socket.socket, server: socket.socket, asked: threading.Event) -> None:
        try:
            while chunk := client.recv(_CHUNK):
                asked.set()
                server.sendall(chunk)
        finally:
            _shut(server)

    def _answers(self, client: socket.socket, server: socket.socket, asked: threading.Event) -> None:
        try:
            while chunk := server.recv(_CHUNK):
                if asked.is_set():
                    asked.clear()
                    time.sleep(self.delay)
                client.sendall(chunk)
        finally:
            _shut(client)

    def _run(self, call: Callable[..., None], *ends: object) -> None:
        def until_hung_up() -> None:
            with contextlib.suppress(OSError):
                call(*ends)

        thread = threading.Thread(target=until_hung_up, daemon=True)
        self._threads.append(thread)
        thread.start()


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
