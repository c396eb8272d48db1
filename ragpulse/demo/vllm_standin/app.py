"""The stand-in put together: routes, errors, the key, the count of HTTP requests, and the engine's life.

The order of the two middlewares is that of vLLM 0.32.0: a request without the key is refused before it is counted.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ragpulse.demo.vllm_standin import faults
from ragpulse.demo.vllm_standin.api import Api
from ragpulse.demo.vllm_standin.engine import Engine, EngineSettings
from ragpulse.demo.vllm_standin.metrics import Metrics
from ragpulse.demo.vllm_standin.wanted import Refused

_COUNTED = ("/v1/models", "/v1/completions", "/v1/chat/completions")
_NOT_COUNTED = ("/metrics", "/health", "/load", "/ping", "/version", "/server_info")
_OTHER = "none"  # what vLLM calls a path that it does not have


def build(model: str, api_key: str | None, settings: EngineSettings, fault: faults.Told = faults.none) -> Starlette:
    """Without `api_key` everybody is served. `fault` is asked again and again: what to do wrong now."""
    metrics = Metrics(model, settings.cache_config())
    engine = Engine(settings, metrics, fault)
    api = Api(model, engine, metrics)

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(engine.run())
            yield
            task.cancel()

    return Starlette(
        routes=[
            Route("/health", api.empty),
            Route("/ping", api.empty, methods=["GET", "POST"]),
            Route("/version", api.version),
            Route("/metrics", api.metrics),
            Route("/v1/models", api.models),
            Route("/v1/completions", api.completions, methods=["POST"]),
            Route("/v1/chat/completions", api.chat, methods=["POST"]),
        ],
        middleware=[Middleware(_Key, api_key=api_key), Middleware(_Count, metrics=metrics)],
        exception_handlers={Refused: _refused},
        lifespan=running,
    )


class _Key:
    """Asked for under /v1 and nowhere else."""

    def __init__(self, app: ASGIApp, api_key: str | None) -> None:
        self._app = app
        self._expected = f"Bearer {api_key}".encode() if api_key else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/v1") and not self._fits(scope):
            await JSONResponse({"error": "Unauthorized"}, 401)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _fits(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        return self._expected is None or secrets.compare_digest(given, self._expected)


class _Count:
    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _NOT_COUNTED:
            await self._app(scope, receive, send)
            return
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            handler = scope["path"] if scope["path"] in _COUNTED else _OTHER
            self._metrics.count_http(handler, scope["method"], status)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - it is registered for nothing else
    return JSONResponse(error.json, error.status)
