"""Requests to one service, bounded in time and size, its failures named by whose fault they are.

One connection is kept (`http_kept`). One that the server closed between two requests, without a byte of an answer, is
replaced once: that is no fault of the service. HTTP forbids this for a request that may have changed something; ours
never do: the POSTs are queries too, and who writes opens a connection for it (`memory_trip`). The time of an answer
runs from the request to its last byte. What it takes to open a connection (look-up, TCP, TLS) counts towards the
timeout but not towards that time: whether a probe meets a fresh or a kept connection depends on us, and users keep
theirs. A server too busy to take a connection is not hidden by this: the kernel takes it, and the request waits.
Durations in seconds. Errors: `Unanswered` when no HTTP answer came,
`WrongAnswer` when one came that is not what it should be; their `reason` is one of `catalogue.service.REASONS`.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpcore
import httpx

from exporters import http_redirect
from exporters.http_answer import Answer, Failure, Unanswered, WrongAnswer
from exporters.http_body import ACCEPT_ENCODING, read_body
from exporters.http_deadline import Exchange
from exporters.http_kept import KeptConnection
from exporters.http_names import Names
from exporters.http_tls import OnlyAuthority, is_tls_fault
from exporters.secret import SecretError
from ragpulse import __version__

if TYPE_CHECKING:
    from ragpulse.services import Tls

__all__ = [
    "MAX_BODY_BYTES", "MAX_HEADERS", "SMALL_BODY_BYTES", "Answer", "Failure", "HttpClient", "Unanswered", "Watch",
    "WrongAnswer",
]  # fmt: skip

# Sees a success as it comes: no bytes when its head has come, then its body piece by piece (decoded); and with each
# the seconds since the request.
Watch = Callable[[bytes, float], None]

MAX_BODY_BYTES = 8 * 1024 * 1024
SMALL_BODY_BYTES = 1024 * 1024  # for what a service says of itself in a few words of JSON
MAX_HEADERS = 100  # as Python's own client
_SUCCESS = 2  # first digit of the status
_HEADERS = {"Accept": "*/*", "Accept-Encoding": ACCEPT_ENCODING, "User-Agent": f"ragpulse/{__version__}"}


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes | None = None
    watch: Watch | None = None


class HttpClient:
    """`timeout` bounds a whole request, from the connection to the last byte, and `budget` all requests of one `with`
    block together; `max_body` is in bytes; `clock` counts seconds.

    One request at a time. The base URL is asked exactly as written when the path is empty. The connection outlives the
    block and is closed with the client, also when that is simply dropped.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float,
        budget: float = math.inf,
        max_body: int = MAX_BODY_BYTES,
        headers: Callable[[], Mapping[str, str]] = dict,
        tls: Tls | OnlyAuthority | None = None,
        clock: Callable[[], float] = time.perf_counter,
        names: Names | None = None,
    ) -> None:
        self._base_url = base_url
        self._timeout = timeout
        self._budget = budget
        self._block_ends = math.inf
        self._max_body = max_body
        self._headers = headers
        self._tls = tls
        self._clock = clock
        self._exchange = Exchange(clock)
        self._names = names or Names()
        self._kept = KeptConnection(base_url, tls, self._exchange, self._names, clock)
        weakref.finalize(self, self._kept.close).atexit = False

    def __enter__(self) -> Self:
        self._block_ends = self._clock() + self._budget
        return self

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """For this block the budget is another one."""
        self._block_ends = self._clock() + seconds
        try:
            yield
        finally:
            self._block_ends = math.inf

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._block_ends = math.inf

    @property
    def certificate_expires(self) -> float | None:
        """When the trust in the server's certificate ends or has ended, in Unix time; None when none was seen."""
        return self._kept.certificate_expires

    def get(self, path: str = "", *, with_auth: bool = True) -> Answer:
        return self.request("GET", path, with_auth=with_auth)

    def request(
        self,
        method: str,
        path: str,
        *,
        json_body: Any = None,
        with_auth: bool = True,
        timeout: float | None = None,
        watch: Watch | None = None,
    ) -> Answer:
        """`timeout` shortens the client's own. `watch` may end the exchange with a Failure.

        Errors: Failure (but for statuses: `Answer.expect`), SecretError.
        """
        headers = dict(self._headers()) if with_auth else {}
        content = None
        if json_body is not None:
            # Chroma 0.5.23 answers 422 to JSON that does not call itself so.
            content, headers["Content-Type"] = json.dumps(json_body).encode(), "application/json"
        # httpx knows the odd corners of URLs (other scripts, spaces, IPv6); its engine takes the parts.
        url = httpx.URL(self._base_url.rstrip("/") + path if path else self._base_url)
        return self._asked(_Request(method, url, headers, content, watch), timeout)

    def follow(self, answer: Answer) -> Answer:
        """What a redirect points to; its time is that of both. Errors: as `request`, WrongAnswer as `redirect`."""
        url = http_redirect.target(answer)
        if http_redirect.is_same_origin(url, httpx.URL(self._base_url)):
            found = self._asked(_Request("GET", url, self._headers()))
        else:
            found = self._asked_elsewhere(url)
        return replace(found, seconds=answer.seconds + found.seconds)

    def close(self) -> None:
        self._kept.close()

    def _asked_elsewhere(self, url: httpx.URL) -> Answer:
        """On a connection for this once, without our headers and certificate.

        Our service has answered, so whatever is wrong there is wrong with its answer. The text names no host: the
        service has chosen it.
        """
        elsewhere = HttpClient(
            str(url),
            timeout=min(self._timeout, self._block_ends - self._clock()),
            max_body=self._max_body,
            tls=OnlyAuthority(self._tls.ca_file) if self._tls else None,
            clock=self._clock,
            names=self._names,
        )
        with contextlib.closing(elsewhere):
            try:
                return elsewhere.get()
            except Unanswered as failure:
                raise WrongAnswer(failure.reason, "the page that it redirects to does not answer") from None

    def _asked(self, request: _Request, timeout: float | None = None) -> Answer:
        start = self._clock()
        within = min(self._timeout if timeout is None else timeout, self._timeout, self._block_ends - start)
        try:
            return self._answered(request, start + within)
        except httpcore.TimeoutException as error:
            raise Unanswered("timeout", f"no complete answer within {max(0.0, within):.3g} s") from error
        except httpcore.NetworkError as error:
            reason = "tls" if is_tls_fault(error) else "connect"
            raise Unanswered(reason, str(error) or type(error).__name__) from error
        except httpcore.RemoteProtocolError:
            # The library's own words quote what the server said.
            if self._exchange.broke_off():
                raise Unanswered("connect", "the server hung up before its answer was complete") from None
            raise Unanswered("invalid", "the server does not speak HTTP") from None
        except httpcore.LocalProtocolError:
            # Here they quote the header, and with it the secret.
            raise SecretError("the secret's header is not legal: look at its name, prefix and file") from None

    def _answered(self, request: _Request, ends: float) -> Answer:
        """Whatever goes wrong ends the connection. Errors: those of httpcore, Failure."""
        try:
            try:
                answer = self._exchanged(request, ends)
            except (httpcore.NetworkError, httpcore.RemoteProtocolError):
                if not self._exchange.found_a_closed_connection():
                    raise
                self._kept.close()
                answer = self._exchanged(request, ends)
        except BaseException:
            self._kept.close()
            raise
        self._kept.look_after(answer)
        return answer

    def _exchanged(self, request: _Request, ends: float) -> Answer:
        url, watch = request.url, request.watch
        begin = self._clock()
        self._exchange.begin(ends - begin)
        connection = self._kept.ready()
        start = self._clock()
        with connection.stream(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=list({**_HEADERS, **request.headers}.items()),
            content=request.content,
        ) as response:
            self._exchange.has_head = True
            if len(response.headers) > MAX_HEADERS:
                raise Unanswered("too_large", f"the answer has more than {MAX_HEADERS} headers")
            seen = None if watch is None or response.status // 100 != _SUCCESS else _since(start, watch, self._clock)
            if seen is not None:
                seen(b"")
            body = read_body(
                self._exchange.in_time(response.iter_stream()),
                _values(response, b"content-encoding"),
                self._max_body,
                seen,
            )
            location, date = (next(iter(_values(response, name)), "") for name in (b"location", b"date"))
            connecting = start - begin if self._exchange.connected else 0.0
            return Answer(response.status, body, self._clock() - start, url, location, connecting, date)


def _since(start: float, watch: Watch, clock: Callable[[], float]) -> Callable[[bytes], None]:
    return lambda piece: watch(piece, clock() - start)


def _values(response: httpcore.Response, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in response.headers if key.lower() == name]
