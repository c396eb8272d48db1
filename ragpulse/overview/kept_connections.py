"""Connections to Prometheus and Alertmanager that are kept from page to page, made of the parts that httpx is made of.

A client of httpx looks at each connection of its pool for each request that begins, and again for each that ends: a
page that asks two dozen questions at once would wait longer for that than for their answers. Here a question takes the
connection that has rested longest, or opens one, and gives it back once the whole answer was read. How long that may
take is the caller's to say. Errors: those of httpcore.
"""

from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpcore

_KEPT = 64  # at rest, for one server; what some viewers at once need more is closed again
_REST = 60.0  # seconds; Prometheus itself closes what has rested for five minutes
_PORTS = {"http": 80, "https": 443}

Resting = deque[httpcore.AsyncHTTPConnection]


class KeptConnections:
    def __init__(self) -> None:
        self._resting: defaultdict[str, Resting] = defaultdict(deque)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for resting in self._resting.values():
            while resting:
                await resting.popleft().aclose()

    @asynccontextmanager
    async def answer(self, url: str) -> AsyncIterator[httpcore.Response]:
        """To one GET. `url`: one of `ragpulse.urls`."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise httpcore.UnsupportedProtocol("no URL of HTTP")
        target = httpcore.URL(
            scheme=parts.scheme,
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            target=parts._replace(scheme="", netloc="").geturl() or "/",
        )
        # A server beside us sends its answer in less time than it takes to pack it.
        asked = httpcore.Request("GET", target, headers={"Host": parts.netloc, "Accept-Encoding": "identity"})
        resting = self._resting[f"{parts.scheme}://{parts.netloc}"]
        connection = await _rested(resting) or httpcore.AsyncHTTPConnection(target.origin, keepalive_expiry=_REST)
        try:
            answer = await connection.handle_async_request(asked)
            try:
                yield answer
            finally:
                await answer.aclose()
        finally:
            # One whose answer did not come to its end, as when nobody waits for it any more, is of no use.
            if connection.is_available() and len(resting) < _KEPT:
                resting.append(connection)
            else:
                await connection.aclose()


async def _rested(resting: Resting) -> httpcore.AsyncHTTPConnection | None:
    while resting:
        connection = resting.popleft()
        if not connection.has_expired():
            return connection
        await connection.aclose()
    return None
