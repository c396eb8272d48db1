"""One scrape as Prometheus makes it, on one kept connection: seconds from the request to the last byte of the answer.

The headers are those that Prometheus 3.5.3 and 2.42.0 (Debian's) sent to a listening socket with a job that says
nothing of its own; where they are made: `acceptHeader` and `scrape` in scrape/scrape.go of prometheus/prometheus. The
client is the same few system calls for whoever is asked; nothing is unpacked here. Errors: ScrapeError.
"""

import re
import socket
import time
from dataclasses import dataclass

from ragpulse.errors import RagpulseError

_TIMEOUT = 10.0
_PIECE = 65536
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

_SHARED = "Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 3\r\n"
PROMETHEUS = {
    "3.5.3": (
        "User-Agent: Prometheus/3.5.3+ds1\r\n"
        "Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r\n"
    ),
    "2.42.0": (
        "User-Agent: Prometheus/2.42.0+ds\r\n"
        "Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
    ),
}


class ScrapeError(RagpulseError):
    """An answer that is none: then there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`raw`: the whole answer as it came over the wire, head included."""

    seconds: float
    raw: bytes


class Connection:
    """Asks in the words of each Prometheus in turn."""

    def __init__(self, host: str, port: int) -> None:
        self._place = f"{host}:{port}"
        self._requests = [
            f"GET /metrics HTTP/1.1\r\nHost: {self._place}\r\n{own}{_SHARED}\r\n".encode()
            for own in PROMETHEUS.values()
        ]
        self._asked = 0
        self._socket = socket.create_connection((host, port), timeout=_TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def scrape(self) -> Answer:
        request = self._requests[self._asked % len(self._requests)]
        self._asked += 1
        try:
            begin = time.perf_counter()
            self._socket.sendall(request)
            raw = self._answer()
            seconds = time.perf_counter() - begin
        except OSError as error:
            raise ScrapeError(f"http://{self._place}/metrics: {error}") from None
        if not raw.startswith(b"HTTP/1.1 200 "):
            raise ScrapeError(f"http://{self._place}/metrics answers {raw[:40]!r}")
        return Answer(seconds, raw)

    def _answer(self) -> bytes:
        received = bytearray()
        while (head := received.find(b"\r\n\r\n") + 4) < 4:  # noqa: PLR2004 - length of what is looked for
            self._receive(received)
        if length := _LENGTH.search(received, 0, head):
            self._receive_up_to(received, head + int(length[1]))
            return bytes(received)
        chunk = head
        while True:
            while (line := received.find(b"\r\n", chunk)) < 0:
                self._receive(received)
            size = int(received[chunk:line], 16)
            chunk = line + 2 + size + 2
            self._receive_up_to(received, chunk)
            if size == 0:
                return bytes(received)

    def _receive_up_to(self, received: bytearray, length: int) -> None:
        while len(received) < length:
            self._receive(received)

    def _receive(self, received: bytearray) -> None:
        piece = self._socket.recv(_PIECE)
        if not piece:
            raise ConnectionResetError("the connection was closed in mid-answer")
        received += piece
