"""One deadline for a whole HTTP exchange, however slowly its bytes drip, and one limit for the head of its answer.

httpx and httpcore bound each connect, read and write by itself: a server that sends one byte a second is never late.
Here every operation on the network, looking up the name too, gets what is left of the exchange. Seconds. Errors: those
of httpcore; Unanswered("too_large") for a head without end.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpcore

from exporters.http_answer import Unanswered
from exporters.http_names import Names

# Status line, headers and all "100 Continue" before them. Node refuses more than 16 KiB, curl more than 300 KiB.
MAX_HEAD_BYTES = 64 * 1024


class Exchange:
    """The time of the exchange in progress, and what became of its connection."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends = 0.0
        self.server_hung_up = False
        self.connected = False
        self.received = 0
        self.begins_like_http = False
        self.has_head = False

    def begin(self, seconds: float) -> None:
        self._ends = self._clock() + seconds
        self.server_hung_up = self.connected = self.begins_like_http = self.has_head = False
        self.received = 0

    def take(self, received: bytes) -> None:
        """Notes what was read; nothing is the end of the connection."""
        if not self.received:
            self.begins_like_http = received[:5] == b"HTTP/"[: len(received)]
        self.server_hung_up = not received
        self.received += len(received)

    def broke_off(self) -> bool:
        """Whether the server hung up before or in an HTTP answer, and did not say something else."""
        return self.server_hung_up and (not self.received or self.begins_like_http)

    def found_a_closed_connection(self) -> bool:
        """Whether it failed on a connection kept from an earlier exchange, before any byte of an answer."""
        return not self.connected and not self.received

    def left(self) -> float:
        """Errors: httpcore.ReadTimeout when nothing is left."""
        left = self._ends - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout("the time of the exchange is over")
        return left

    def in_time(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Looks at the clock between chunks too: one read from the network may hold thousands of them."""
        for chunk in chunks:
            self.left()
            yield chunk

    def room(self, wanted: int) -> int:
        """How many bytes may be read now. Errors: Unanswered."""
        if self.has_head:
            return wanted
        if self.received >= MAX_HEAD_BYTES:
            raise Unanswered("too_large", f"the head of the answer is larger than {MAX_HEAD_BYTES} bytes")
        return min(wanted, MAX_HEAD_BYTES - self.received)


class BoundedBackend(httpcore.NetworkBackend):
    def __init__(self, exchange: Exchange, names: Names) -> None:
        self._exchange = exchange
        self._names = names
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the exchange has its own
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """The first of the host's addresses that accepts; all of them share what is left of the exchange."""
        self._exchange.connected = True
        refused: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._names.addresses(host, port, self._exchange.left()):
            try:
                stream = self._network.connect_tcp(address, port, self._exchange.left(), local_address, socket_options)
            except httpcore.ConnectError as error:
                refused = error
            else:
                return _BoundedStream(stream, self._exchange)
        raise refused


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as above
        received = self._stream.read(self._exchange.room(max_bytes), self._exchange.left())
        self._exchange.take(received)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        self._stream.write(buffer, self._exchange.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - as above
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._exchange.left())
        return _BoundedStream(stream, self._exchange)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
