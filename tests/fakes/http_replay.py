"""A small HTTP server on loopback that replays recorded answers and misbehaves on request.

Each route is a behaviour: what the server does with one request. An unknown route is 404.
"""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

_CHUNK = b"x" * 65_536


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    replay: "Replay"

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.replay.connections += 1
        if (context := self.replay.context) is not None:
            # The handshake belongs to the handler's thread, not to the one that accepts.
            connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        replay = self.server.replay
        replay.asked.append(Asked(self.command, self.path, dict(self.headers.items()), body))
        behave = replay.routes.get((self.command, self.path), reply(404))
        try:
            behave(Conversation(self, replay.stopped))
        except OSError:
            self.close_connection = True  # the client had enough

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - names that http.server calls

    def log_message(self, *_: object) -> None:
        """Silence."""


@dataclass(frozen=True)
class Conversation:
    """One request being answered. `stopped` is set when the server goes."""

    handler: _Handler
    stopped: threading.Event

    def say(self, raw: bytes) -> None:
        self.handler.wfile.write(raw)
        self.handler.wfile.flush()

    def hang_up(self) -> None:
        self.handler.close_connection = True


Behaviour = Callable[[Conversation], None]


def reply(status: int = 200, body: bytes = b"", **headers: str) -> Behaviour:
    def behave(conversation: Conversation) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        conversation.say("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return behave


def reply_json(value: Any, status: int = 200) -> Behaviour:
    return reply(status, json.dumps(value).encode(), Content_Type="application/json")


def hang(conversation: Conversation) -> None:
    conversation.stopped.wait()
    conversation.hang_up()


def drip(start: bytes) -> Behaviour:
    """Says `start`, then a byte every 20 ms for as long as somebody listens."""

    def behave(conversation: Conversation) -> None:
        conversation.say(start)
        while not conversation.stopped.wait(0.02):
            conversation.say(b"x")
        conversation.hang_up()

    return behave


def flood(size: int) -> Behaviour:
    def behave(conversation: Conversation) -> None:
        conversation.say(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(size // len(_CHUNK)):
            conversation.say(_CHUNK)

    return behave


def speak(raw: bytes) -> Behaviour:
    """Exactly these bytes, then the end of the connection."""

    def behave(conversation: Conversation) -> None:
        conversation.say(raw)
        conversation.hang_up()

    return behave


@dataclass
class Replay:
    url: str = ""
    routes: dict[tuple[str, str], Behaviour] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    context: ssl.SSLContext | None = None
    connections: int = 0

    def wrap(self, context: ssl.SSLContext) -> None:
        """From now on TLS is spoken."""
        self.context = context

    def get(self, path: str, behaviour: Behaviour) -> None:
        self.routes["GET", path] = behaviour

    def post(self, path: str, behaviour: Behaviour) -> None:
        self.routes["POST", path] = behaviour

    def asked_for(self, path: str) -> list[Asked]:
        return [request for request in self.asked if request.path == path]


@contextmanager
def replay_server(host: str = "127.0.0.1", port: int = 0) -> Iterator[Replay]:
    with _Server((host, port), _Handler) as server:
        server.replay = Replay(url=f"http://{host}:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.replay
        finally:
            server.replay.stopped.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def replay() -> Iterator[Replay]:
    with replay_server() as server:
        yield server


@contextmanager
def refusing_url() -> Iterator[str]:
    """A port that is ours and that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
