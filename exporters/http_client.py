"""Requests to one service, bounded in time and size, its failures named by whose fault they are.

A connection is kept within a `with` block and closed at its end: many servers close an idle one after 5 s, just when
the next run comes. One that the server closed between two requests, without a byte of an answer, is replaced once:
that is no fault of the service. Looking up a host name has no limit of its own. Durations in seconds. Errors:
`Unanswered` when no HTTP answer came, `WrongAnswer` when one came that is not what it should be; their `reason` is one
of `catalogue.service.REASONS`.
"""

from __future__ import annotations

import json
import math
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpcore
import httpx

from exporters.http_deadline import BoundedBackend, Exchange
from exporters.secret import SecretError, tls_context
from ragpulse import __version__

if TYPE_CHECKING:
    from ragpulse.services import Tls

MAX_BODY_BYTES = 8 * 1024 * 1024
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"ragpulse/{__version__}"}


class Failure(Exception):  # noqa: N818 - a fact about the service, not a fault of ours
    """A request that failed. `reason` is one of `catalogue.service.REASONS`, the text says more."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Unanswered(Failure):
    """No HTTP answer: `timeout`, `connect`, or `invalid` for something that does not speak HTTP."""


class WrongAnswer(Failure):
    """An HTTP answer, but not a good one: the service lives."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    seconds: float

    def expect(self, *statuses: int) -> Answer:
        """Itself when the status is one of `statuses` (of the class of success when none is given).

        Errors: WrongAnswer as `auth`, `http_4xx`, `http_5xx`, or `invalid` for a redirect or another success.
        """
        if self.status in statuses or (not statuses and self.status // 100 == 2):  # noqa: PLR2004 - class of success
            return self
        reason = {4: "http_4xx", 5: "http_5xx"}.get(self.status // 100, "invalid")
        raise WrongAnswer("auth" if self.status in (401, 403) else reason, f"HTTP {self.status}")

    def json(self) -> Any:
        """Errors: WrongAnswer("invalid") for a body that is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise WrongAnswer("invalid", f"the answer is not JSON: {error}") from error

    def mapping(self) -> Mapping[str, Any]:
        """Errors: WrongAnswer("invalid") for a body that is not a JSON object."""
        if not isinstance(found := self.json(), dict):
            raise WrongAnswer("invalid", "the answer is not a JSON object")
        return found


class HttpClient:
    """`timeout` bounds a whole request, from the connection to the last byte, and `budget` all requests of one `with`
    block together; `clock` counts seconds.

    One request at a time. The base URL is asked exactly as written when the path is empty.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float,
        budget: float = math.inf,
        headers: Callable[[], Mapping[str, str]] = dict,
        tls: Tls | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._base_url = base_url
        self._timeout = timeout
        self._budget = budget
        self._block_ends = math.inf
        self._headers = headers
        self._tls = tls
        self._clock = clock
        self._exchange = Exchange(clock)
        self._kept: httpcore.ConnectionPool | None = None

    def __enter__(self) -> Self:
        self._block_ends = self._clock() + self._budget
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None  # the next block reads certificates anew

    def get(self, path: str = "", *, with_auth: bool = True) -> Answer:
        return self.request("GET", path, with_auth=with_auth)

    def request(
        self, method: str, path: str, *, json_body: Any = None, with_auth: bool = True, timeout: float | None = None
    ) -> Answer:
        """`timeout` shortens the client's own. Errors: Unanswered, WrongAnswer (too large), SecretError."""
        headers = _HEADERS | dict(self._headers() if with_auth else {})
        content = None
        if json_body is not None:
            # Chroma 0.5.23 answers 422 to JSON that does not call itself so.
            content, headers["Content-Type"] = json.dumps(json_body).encode(), "application/json"
        start = self._clock()
        within = min(self._timeout if timeout is None else timeout, self._timeout, self._block_ends - start)
        ends = start + within
        try:
            try:
                answer = self._exchanged(method, path, headers, content, ends)
            except (httpcore.NetworkError, httpcore.RemoteProtocolError):
                if not self._exchange.found_a_closed_connection():
                    raise
                answer = self._exchanged(method, path, headers, content, ends)
        except httpcore.TimeoutException as error:
            raise Unanswered("timeout", f"no complete answer within {max(0.0, within):.3g} s") from error
        except httpcore.NetworkError as error:
            raise Unanswered("connect", str(error) or type(error).__name__) from error
        except httpcore.RemoteProtocolError as error:
            # A server that hangs up in mid-answer is gone; one that goes on speaking does not speak HTTP.
            raise Unanswered("connect" if self._exchange.server_hung_up else "invalid", str(error)) from error
        except httpcore.LocalProtocolError:
            # The library's own words quote the header, and with it the secret.
            raise SecretError("the secret's header is not legal: look at its name, prefix and file") from None
        return answer

    def _exchanged(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None, ends: float
    ) -> Answer:
        """Errors: those of httpcore, WrongAnswer (too large)."""
        connections = self._connections()
        start = self._clock()
        self._exchange.begin(ends - start)
        with connections.stream(
            method,
            self._url(path),
            headers=[(name, value) for name, value in headers.items()],
            content=content,
            extensions={"sni_hostname": self._tls.server_name} if self._tls and self._tls.server_name else {},
        ) as response:
            body = _body(response)
            return Answer(response.status, body, self._clock() - start)

    def _connections(self) -> httpcore.ConnectionPool:
        """Made at the first request: an unreadable certificate costs this service's runs, not the agent."""
        if self._kept is None:
            self._kept = httpcore.ConnectionPool(
                ssl_context=self._ssl_context(),
                max_connections=1,
                network_backend=BoundedBackend(self._exchange),
            )
        return self._kept

    def _ssl_context(self) -> ssl.SSLContext | None:
        return tls_context(self._tls) if self._base_url.startswith("https:") else None

    def _url(self, path: str) -> httpcore.URL:
        # httpx knows the odd corners of URLs (other scripts, spaces, IPv6); its engine takes the parts.
        url = httpx.URL(self._base_url.rstrip("/") + path if path else self._base_url)
        return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _body(response: httpcore.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise WrongAnswer("invalid", f"the answer is larger than {MAX_BODY_BYTES // 1024**2} MiB")
    return bytes(body)
