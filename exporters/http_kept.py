"""The one connection to a service that is kept from request to request and from run to run.

It is opened anew when the server has closed it, when a certificate or key file has changed on disk, after any failure
and after a 5xx (a balancer may have tied it to one sick process), and when it has stood for `MAX_AGE`: as long at most
may it hide that the name means another address by now, or that the server answers old connections but accepts no new
ones. A minute is the usual life of a name's address, and one handshake a minute costs nobody anything. Seconds.
Errors: those of httpcore, SecretError.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpcore
import httpx

from exporters.http_answer import Answer
from exporters.http_deadline import BoundedBackend, Exchange
from exporters.http_names import Names
from exporters.http_tls import OnlyAuthority, TlsFiles, is_distrust, presented_until, trusted_until

if TYPE_CHECKING:
    from ragpulse.services import Tls

MAX_AGE = 60.0
_PORTS = {"http": 80, "https": 443}


class _Connection(httpcore.HTTP11Connection):
    def has_more_than_was_asked_for(self) -> bool:
        """Bytes behind the end of an answer would pass for the answer to the next request."""
        return bool(self._h11_state.trailing_data[0])


class KeptConnection:
    """To the origin of `url`. `certificate_expires`: Unix time, as the last handshake showed it; None without one."""

    def __init__(
        self,
        url: str,
        tls: Tls | OnlyAuthority | None,
        exchange: Exchange,
        names: Names,
        clock: Callable[[], float],
    ) -> None:
        self.certificate_expires: float | None = None
        self._url = url
        self._server_name = tls.server_name if tls else None
        self._files = TlsFiles(tls)
        self._network = BoundedBackend(exchange, names)
        self._clock = clock
        self._opened = 0.0
        self._connection: _Connection | None = None

    def ready(self) -> httpcore.HTTP11Connection:
        """The kept connection, or a new one."""
        kept = self._connection
        if kept is not None and kept.is_available() and not kept.has_expired() and not self._is_outdated():
            return kept
        self.close()
        # Read here and not before: a URL that is none costs this service's runs, not the agent.
        url = httpx.URL(self._url)
        origin = httpcore.Origin(url.raw_scheme, url.raw_host, url.port or _PORTS[url.scheme])
        self._connection = _Connection(origin, self._open(origin))
        self._opened = self._clock()
        return self._connection

    def look_after(self, answer: Answer) -> None:
        """Whether the connection that gave this answer is good for another one."""
        kept = self._connection
        if kept is not None and (answer.is_server_error or kept.has_more_than_was_asked_for()):
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _is_outdated(self) -> bool:
        return self._clock() - self._opened > MAX_AGE or self._files.have_changed()

    def _open(self, origin: httpcore.Origin) -> httpcore.NetworkStream:
        self.certificate_expires = None
        if origin.scheme == b"http":
            return self._connect(origin)
        context, name = self._files.context(), self._server_name or origin.host.decode("ascii")
        try:
            stream = self._connect(origin).start_tls(context, name)
        except httpcore.ConnectError as error:
            if is_distrust(error):
                # Its certificate is still looked at, to say when that is because of its age.
                with contextlib.suppress(httpcore.NetworkError, httpcore.TimeoutException):
                    self.certificate_expires = presented_until(self._connect(origin), name)
            raise
        self.certificate_expires = trusted_until(stream)
        return stream

    def _connect(self, origin: httpcore.Origin) -> httpcore.NetworkStream:
        return self._network.connect_tcp(origin.host.decode("ascii"), origin.port)
