"""One kept connection to one service, bounded in time and size, its failures named by whose fault they are.

Durations in seconds. Errors: `Unanswered` when no usable HTTP answer came. A status of 400 and more is an answer.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

MAX_BODY_BYTES = 8 * 1024 * 1024
# Kept within a run, not between runs: many servers close an idle connection after 5 s, just when the next run comes.
_LIMITS = httpx.Limits(max_connections=1, keepalive_expiry=2.0)


class Unanswered(Exception):  # noqa: N818 - a fact about the service, not a fault of ours
    """No usable answer: `reason` is `timeout`, `connect` or `invalid`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    seconds: float

    def failure(self) -> str | None:
        """The reason of a status that is none of success: `auth`, `http_4xx`, `http_5xx`, `invalid` (a redirect)."""
        if self.status in (401, 403):
            return "auth"
        if 200 <= self.status < 300:  # noqa: PLR2004 - the class of success
            return None
        return {4: "http_4xx", 5: "http_5xx"}.get(self.status // 100, "invalid")

    def json(self) -> Any:
        """Errors: Unanswered("invalid") for a body that is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unanswered("invalid", f"the answer is not JSON: {error}") from error


class HttpClient:
    """`timeout` bounds a whole request in seconds; `clock` counts them."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float,
        headers: Callable[[], Mapping[str, str]] = dict,
        verify: Any = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._headers = headers
        self._clock = clock
        self._client = httpx.Client(
            timeout=timeout,
            verify=verify,
            follow_redirects=False,
            trust_env=False,
            limits=_LIMITS,
        )

    def request(self, method: str, path: str, *, json_body: Any = None, with_auth: bool = True) -> Answer:
        headers = dict(self._headers()) if with_auth else {}
        start = self._clock()
        try:
            with self._client.stream(method, self._base_url + path, json=json_body, headers=headers) as response:
                body = self._body(response, start)
                return Answer(response.status_code, body, self._clock() - start)
        except httpx.TimeoutException as error:
            raise Unanswered("timeout", f"no answer within {self._timeout:g} s") from error
        except (httpx.ConnectError, httpx.ReadError, httpx.WriteError) as error:
            raise Unanswered("connect", str(error) or type(error).__name__) from error
        except httpx.RemoteProtocolError as error:
            # A kept connection that the server closed between two requests looks the same as one cut in mid-answer.
            raise Unanswered("connect", str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Unanswered("invalid", str(error) or type(error).__name__) from error

    def get(self, path: str, *, with_auth: bool = True) -> Answer:
        return self.request("GET", path, with_auth=with_auth)

    def _body(self, response: httpx.Response, start: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise Unanswered("invalid", f"the answer is larger than {MAX_BODY_BYTES // 1024**2} MiB")
            if self._clock() - start > self._timeout:
                raise Unanswered("timeout", f"the answer was not complete within {self._timeout:g} s")
            chunks.append(chunk)
        return b"".join(chunks)


def secret_header(header: str, prefix: str, file: str | None) -> Callable[[], Mapping[str, str]]:
    """Reads the secret anew for each request, so that a rotated one needs no restart. Errors: SecretError."""

    def headers() -> Mapping[str, str]:
        if file is None:
            return {}
        return {header: f"{prefix} {_secret(file)}".strip()}

    return headers


class SecretError(Exception):
    """A secret file that cannot be used; the text names the file and never its content."""


def _secret(file: str) -> str:
    try:
        with open(file, encoding="ascii") as content:  # noqa: PTH123 - one read of a small file, twice a second at most
            secret = content.read().strip()
    except OSError as error:
        raise SecretError(f"{file}: {error.strerror}; the agent must be able to read it") from error
    except UnicodeDecodeError as error:
        raise SecretError(f"{file}: is not ASCII text") from error
    if not secret or "\n" in secret:
        raise SecretError(f"{file}: must hold the secret on one line and nothing else")
    return secret
