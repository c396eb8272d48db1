"""One deadline for a whole HTTP exchange, however slowly its bytes drip.

httpx and httpcore bound each connect, read and write by itself: a server that sends one byte a second is never late.
Here every operation on the network gets what is left of the exchange. Seconds. Errors: those of httpcore.
"""

import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore


class Exchange:
    """The time of the exchange in progress, and what became of its connection."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends = 0.0
        self.server_hung_up = False
        self.connected = False
        self.received = False

    def begin(self, seconds: float) -> None:
        self._ends = self._clock() + seconds
        self.server_hung_up = self.connected = self.received = False

    def found_a_closed_connection(self) -> bool:
        """Whether it failed on a connection kept from an earlier exchange, before any byte of an answer."""
        return not self.connected and not self.received

    def left(self) -> float:
        """Errors: httpcore.ReadTimeout when nothing is left."""
        left = self._ends - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout("the time of the exchange is over")
        return left


class BoundedBackend(httpcore.NetworkBackend):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
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
        for address in _addresses(host, port):
            try:
                stream = self._network.connect_tcp(address, port, self._exchange.left(), local_address, socket_options)
            except httpcore.ConnectError as error:
                refused = error
            else:
                return _BoundedStream(stream, self._exchange)
        raise refused


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be looked up: {error}") from error
    return [str(name[0]) for *_, name in found]


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as above
        received = self._stream.read(max_bytes, self._exchange.left())
        self._exchange.server_hung_up = not received
        self._exchange.received |= bool(received)
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
