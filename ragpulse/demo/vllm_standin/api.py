"""The API of the stand-in: which paths there are and what each answers, as vLLM 0.32.0 does it.

Without an engine: `/health`, `/ping`, `/version`, `/metrics`, `/v1/models`. With it: `/v1/completions` and
`/v1/chat/completions`, whole or as a stream of events. A client that goes away aborts its request.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ragpulse.demo.vllm_standin import VERSION, shapes
from ragpulse.demo.vllm_standin.engine import Engine
from ragpulse.demo.vllm_standin.metrics import Metrics
from ragpulse.demo.vllm_standin.shapes import Head
from ragpulse.demo.vllm_standin.text import Token, answer, count_tokens
from ragpulse.demo.vllm_standin.wanted import Chat, Completion, Refused, max_tokens, parse
from ragpulse.http_service import bounded_body

_MAX_BODY_BYTES = 256 * 1024
_CLIENT_GONE = 499  # nobody reads it; the count of requests shows it as 4xx


class Api:
    def __init__(self, model: str, engine: Engine, metrics: Metrics) -> None:
        self._model = model
        self._engine = engine
        self._metrics = metrics
        self._created = int(time.time())

    async def empty(self, _: Request) -> Response:
        return Response()

    async def version(self, _: Request) -> Response:
        return JSONResponse({"version": VERSION})

    async def metrics(self, _: Request) -> Response:
        return Response(self._metrics.page(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def models(self, _: Request) -> Response:
        return JSONResponse(shapes.models(self._model, self._engine.settings.max_model_len, self._created))

    async def completions(self, request: Request) -> Response:
        wanted = parse(await bounded_body(request, _MAX_BODY_BYTES), Completion)
        return await self._answer(request, wanted, Head("completion", self._model))

    async def chat(self, request: Request) -> Response:
        wanted = parse(await bounded_body(request, _MAX_BODY_BYTES), Chat)
        return await self._answer(request, wanted, Head("chat", self._model))

    async def _answer(self, request: Request, wanted: Completion | Chat, head: Head) -> Response:
        limit = max_tokens(wanted, self._model, self._engine.settings.max_model_len)
        self._engine.expect()
        text = wanted.text()
        tokens = self._engine.generate(text, answer(text, limit, ignore_eos=wanted.ignore_eos))
        if wanted.stream:
            return _Events(_events(tokens, wanted, head))
        collected = await _unless_gone(request, tokens)
        if collected is None:
            return Response(status_code=_CLIENT_GONE)
        return JSONResponse(shapes.whole_answer(head, collected, count_tokens(text)))


class _Events(StreamingResponse):
    """Ends its source when the client goes away, wherever the source stands."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


async def _events(
    tokens: AsyncGenerator[Token, None], wanted: Completion | Chat, head: Head
) -> AsyncGenerator[bytes, None]:
    with_usage = wanted.stream_options.include_usage
    generated = 0
    try:
        async with aclosing(tokens):
            if head.kind == "chat":
                yield shapes.event(shapes.first_chat_chunk(head))
            async for token in tokens:
                generated += 1
                chunk = shapes.token_chunk(head, token)
                last = token.finish_reason is not None and not with_usage
                yield shapes.event(shapes.with_fingerprint(chunk) if last else chunk)
    except Refused as refused:  # HTTP has said 200 by now: the stream itself tells
        yield shapes.event(refused.json)
        yield shapes.DONE
        return
    if with_usage:
        usage = shapes.usage_chunk(head, count_tokens(wanted.text()), generated)
        yield shapes.event(shapes.with_fingerprint(usage))
    yield shapes.DONE


async def _unless_gone(request: Request, tokens: AsyncGenerator[Token, None]) -> list[Token] | None:
    """All tokens, or None when the client went away before the last."""
    collecting = asyncio.ensure_future(_collect(tokens))
    gone = asyncio.ensure_future(request.receive())  # after the body, the next message is the disconnect
    try:
        await asyncio.wait({collecting, gone}, return_when=asyncio.FIRST_COMPLETED)
        return collecting.result() if collecting.done() else None
    finally:
        collecting.cancel()
        gone.cancel()
        await asyncio.gather(collecting, gone, return_exceptions=True)


async def _collect(tokens: AsyncGenerator[Token, None]) -> list[Token]:
    async with aclosing(tokens):
        return [token async for token in tokens]
