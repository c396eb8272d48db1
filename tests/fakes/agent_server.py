"""The agent's own server on a real socket of 127.0.0.1 while a `with` block lasts, and a client without manners."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

import h11

from exporters.answers import Answer
from exporters.server import Server, listener

GOOD = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
_PATIENCE = 10.0  # seconds; a bound for a broken test, never reached by a good one


@contextmanager
def serving(answer: Callable[[h11.Request], Answer]) -> Iterator[int]:
    """The port."""
    server = Server(answer)
    bound = listener("127.0.0.1", 0, "the port of the test")
    port = bound.getsockname()[1]
    thread = threading.Thread(target=server.run, args=[bound], daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.end()
        thread.join(_PATIENCE)
        assert not thread.is_alive(), "the server did not end"


class RawClient:
    """Says exactly what it is told to say."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(_PATIENCE)
        self.socket.connect(("127.0.0.1", port))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def say(self, said: bytes) -> bool:
        """Whether the other side still listens."""
        try:
            self.socket.sendall(said)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def ask(self, path: str = "/healthz") -> h11.Response:
        """One good question on this connection, and the head of its answer."""
        return self.answers(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())[0][0]

    def answers(self, said: bytes, count: int = 1) -> list[tuple[h11.Response, bytes]]:
        """`count` answers to what is said now."""
        self.say(said)
        found: list[tuple[h11.Response, bytes]] = []
        reader = h11.Connection(h11.CLIENT)
        while len(found) < count:
            reader.send(h11.Request(method="GET", target="/", headers=[("host", "a")]))
            reader.send(h11.EndOfMessage())
            found.append(self._one(reader))
            if len(found) < count:
                reader.start_next_cycle()
        return found

    def _one(self, reader: h11.Connection) -> tuple[h11.Response, bytes]:
        response, body = None, b""
        while True:
            event = reader.next_event()
            if event is h11.NEED_DATA:
                reader.receive_data(self.socket.recv(65536))
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                assert isinstance(event, h11.EndOfMessage), event
                assert response is not None
                return response, body

    def rest(self) -> bytes:
        """All that comes until the connection is closed, by whichever means."""
        found = b""
        try:
            while more := self.socket.recv(65536):
                found += more
        except ConnectionResetError:
            pass
        return found
