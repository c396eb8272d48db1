"""One GET to a server beside us, its answer checked against a shape, its failures said in words that fit a sentence.

Errors: `Unavailable` only. How long it may take is the caller's to say; how large an answer may be is said here.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpcore
from pydantic import TypeAdapter, ValidationError

from ragpulse.overview.kept_connections import KeptConnections

T = TypeVar("T")

_MOST_BYTES = 128 * 1024**2


class Unavailable(Exception):  # noqa: N818 - a fact about the other server, not a fault of ours
    """No usable answer; the text is the reason, ready for a person to read."""


async def get(connections: KeptConnections, url: str, shape: TypeAdapter[T], params: Mapping[str, str]) -> T:
    try:
        async with connections.answer(f"{url}?{urlencode(params)}" if params else url) as answer:
            body = await _body(answer) if answer.status == HTTPStatus.OK else b""
    except httpcore.ConnectError as error:
        raise Unavailable("no connection; is it running?") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise Unavailable(f"the connection broke ({type(error).__name__})") from error
    if answer.status != HTTPStatus.OK:
        raise Unavailable(f"it answers HTTP {answer.status}")
    try:
        return shape.validate_json(body)
    except ValidationError as error:
        raise Unavailable("its answer is not what its HTTP API promises") from error


async def together(questions: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The answers to all of them, asked at once, in their order."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(question) for question in questions]
    except ExceptionGroup as errors:
        if reason := unanswered(errors):
            raise reason from errors
        raise
    return [task.result() for task in tasks]


def unanswered(errors: ExceptionGroup[Exception]) -> Unavailable | None:
    """The first question of several, asked at once, that went unanswered."""
    found: BaseException | None = errors.subgroup(Unavailable)
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    return found if isinstance(found, Unavailable) else None


async def _body(answer: httpcore.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_stream():
        body += piece
        if len(body) > _MOST_BYTES:
            raise Unavailable(f"its answer is larger than {_MOST_BYTES // 1024**2} MiB")
    return bytes(body)
