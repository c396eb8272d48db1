"""One attempt to tell a receiver: bounded in time and size, and what came of it without a word of what it said.

Told is what was answered with 2xx; the body of an answer is read only where it may say how long to wait. A redirect is
not followed: nobody but the receiver is to hear of it. What may be different next time is tried again.
"""

import asyncio
import contextlib
import json
import math
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

import httpx

from ragpulse import __version__
from ragpulse.catalogue.relay import REASONS
from ragpulse.relay.shapes import Post

Fate = Literal["told", "again", "never"]

TIMEOUT = 10.0
_MOST_BYTES = 4096
_AGAIN = {408: "refused", 425: "refused", 429: "rate_limited"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason`: one of the catalogue's; `detail`: a few words of ours. `wait`: seconds that the receiver asked for."""

    fate: Fate
    reason: str = ""
    detail: str = ""
    wait: float = 0.0

    def __post_init__(self) -> None:
        assert self.fate == "told" or self.reason in REASONS  # noqa: S101 - a metric has a fixed set of them


def client(verify: ssl.SSLContext) -> httpx.AsyncClient:
    """No connection is kept: one that the other side closed meanwhile would leave open whether a message arrived."""
    limits = httpx.Limits(max_keepalive_connections=0)
    headers = {"User-Agent": f"ragpulse/{__version__}", "Accept": "*/*"}
    return httpx.AsyncClient(verify=verify, limits=limits, headers=headers, timeout=None, trust_env=False)  # noqa: S113


async def attempt(client: httpx.AsyncClient, post: Post, timeout: float = TIMEOUT) -> Outcome:  # noqa: ASYNC109
    try:
        async with (
            asyncio.timeout(timeout),
            client.stream("POST", post.url, content=post.content, headers=post.headers) as answer,
        ):
            return await _judged(answer)
    except TimeoutError:
        return Outcome("again", "timeout", f"no answer within {timeout:g} s")
    except httpx.ConnectError as error:
        if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
            return Outcome("again", "tls", "no TLS connection that can be trusted")
        return Outcome("again", "unreachable", "no connection")
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError):
        return Outcome("again", "broken", "the connection broke, or what came was not HTTP")


async def _judged(answer: httpx.Response) -> Outcome:
    status = answer.status_code
    said = f"HTTP {status}"
    if answer.is_success:
        return Outcome("told")
    if status in _AGAIN:
        return Outcome("again", _AGAIN[status], said, await _asked_to_wait(answer))
    if answer.is_server_error:
        return Outcome("again", "server_error", said, await _asked_to_wait(answer))
    if answer.is_redirect:
        return Outcome("never", "redirected", f"{said}, which is not followed")
    return Outcome("never", "refused", said)


async def _asked_to_wait(answer: httpx.Response) -> float:
    """By its head, or as Telegram says it: `{"parameters": {"retry_after": <seconds>}}`."""
    header = answer.headers.get("Retry-After", "")
    with contextlib.suppress(ValueError, OverflowError):
        return _sane(float(header))
    with contextlib.suppress(ValueError, TypeError):
        return _sane((parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    body = b""
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > _MOST_BYTES:
            return 0.0
    with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return _sane(float(json.loads(body)["parameters"]["retry_after"]))
    return 0.0


def _sane(seconds: float) -> float:
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
