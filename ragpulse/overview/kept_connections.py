"""Connections to Prometheus and Alertmanager that are kept from page to page, beneath httpx and by its engine's parts.

httpx's own pool looks at each of its connections for each request that begins and again for each that ends: a page
that asks dozens of questions at once would pay for that more than for their answers. Here a request takes the
connection that has rested longest, or opens one, and gives it back when the whole answer was read.
Errors: those of httpx.
"""

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpcore
import httpx

_KEPT = 64  # at rest, for one server; what some viewers at once need more is closed again
_REST = 60.0  # seconds; Prometheus itself closes what has rested for five minutes

Resting = deque[httpcore.AsyncHTTPConnection]


def client() -> httpx.AsyncClient:
    """Both servers stand near: no proxy of the environment, and packing answers would take longer than sending them.
    Who asks bounds how long an answer may take.
    """
    return httpx.AsyncClient(
        transport=KeptConnections(),
        trust_env=False,
        headers={"Accept-Encoding": "identity"},
        timeout=None,  # noqa: S113
    )


class KeptConnections(httpx.AsyncBaseTransport):
    def __init__(self) -> None:
        self._resting: defaultdict[str, Resting] = defaultdict(deque)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        of = request.url
        if of.scheme not in {"http", "https"}:
            raise httpx.UnsupportedProtocol("the URL begins neither with http:// nor with https://")
        url = httpcore.URL(scheme=of.raw_scheme, host=of.raw_host, port=of.port, target=of.raw_path)
        resting = self._resting[str(url.origin)]
        with _errors_of_httpx():
            connection = await _taken(resting) or httpcore.AsyncHTTPConnection(url.origin, keepalive_expiry=_REST)
            answer = await connection.handle_async_request(
                httpcore.Request(request.method, url, headers=request.headers.raw)
            )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer, connection, resting))

    async def aclose(self) -> None:
        for resting in self._resting.values():
            while resting:
                await resting.popleft().aclose()


async def _taken(resting: Resting) -> httpcore.AsyncHTTPConnection | None:
    while resting:
        connection = resting.popleft()
        if not connection.has_expired():
            return connection
        await connection.aclose()
    return None


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, connection: httpcore.AsyncHTTPConnection, resting: Resting) -> None:
        self._answer = answer
        self._connection = connection
        self._resting = resting

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors_of_httpx():
            async for piece in self._answer.aiter_stream():
                yield piece

    async def aclose(self) -> None:
        """A connection whose answer was not read to its end, as when nobody waits for it any more, is of no use."""
        try:
            await self._answer.aclose()
        finally:
            if self._connection.is_idle() and len(self._resting) < _KEPT:
                self._resting.append(self._connection)
            else:
                await self._connection.aclose()


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Each error of its engine has the same name in httpx."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
