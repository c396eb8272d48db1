"""A proxy before a real service, as stands before many: it hands on what is asked, and may change question or answer.

It speaks TLS where it is given a certificate. What it cannot reach is 502, as everywhere.
"""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Said = tuple[int, bytes]


@dataclass(frozen=True)
class Asked:
    path: str
    headers: Mapping[str, str]
    body: bytes


Change = Callable[[Asked, Said], Said]  # what the service was asked and said → what is said instead


def nothing(_: Asked, said: Said) -> Said:
    return said


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that does not trust us hangs up."""


@contextmanager
def relay(
    target: str,
    change: Change = nothing,
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
    allows: Callable[[Asked], bool] = lambda _: True,
) -> Iterator[str]:
    """Its URL. `headers` are added to what is asked; what is not allowed is refused with 401."""
    client = httpx.Client(base_url=target, trust_env=False, timeout=20)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            shown = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
            asked = Asked(self.path, shown, self.rfile.read(int(self.headers.get("Content-Length", 0))))
            status, body = self._answer(asked) if allows(asked) else (401, b"{}")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _answer(self, asked: Asked) -> Said:
            more = {**asked.headers, **(headers or {})}
            try:
                said = client.request(self.command, asked.path, content=asked.body, headers=more)
            except httpx.HTTPError:
                return 502, b""
            return change(asked, (said.status_code, said.content))

        do_GET = do_POST = _serve  # noqa: N815 - names that http.server calls

        def log_message(self, *_: object) -> None:
            """Silence."""

    with client, _Server(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
