"""The adapter's HTTP side, on 127.0.0.1.

`POST /receivers/<name>`: Alertmanager's webhook → 200 once it is on the disk; 400 for any other body, 401 without the
token of `notify.relay_token_file`, 404 for a name that no receiver has, 408 for a body that does not come, 413 beyond
4 MiB; 503 when it cannot be kept, so that Alertmanager sends it again. `GET /receivers/<name>`: what became of the
newest, `[{"group", "accepted", "state", "reason"}]`. `GET /metrics`, `GET /healthz` (503 when somebody hears nothing).
"""

import asyncio
import hmac
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ragpulse import secret_file
from ragpulse.http_service import bounded_body, error_line
from ragpulse.relay.queue import Full
from ragpulse.relay.relay import Relay

_MOST_BYTES = 4 * 1024 * 1024
_BODY_SECONDS = 10.0

_log = logging.getLogger(__name__)


def application(relay: Relay, token_file: Path | None) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with relay.at_work():
            yield

    async def accept(request: Request) -> Response:
        _require_token(request, token_file)
        name = _receiver(relay, request)
        body = await _body(request)
        try:
            relay.accept(name, body)
        except ValueError as error:
            raise HTTPException(400, str(error)) from None
        except Full:
            raise HTTPException(503, f"too much waits for {name}") from None
        except sqlite3.Error as error:
            _log.error('receiver=%s error="cannot be kept: %s"', name, error)
            raise HTTPException(503, f"cannot be kept: {error}") from None
        return JSONResponse({"success": True})

    async def newest(request: Request) -> Response:
        return JSONResponse([asdict(known) for known in relay.newest(_receiver(relay, request))])

    async def metrics(_: Request) -> Response:
        return PlainTextResponse(relay.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def healthz(_: Request) -> Response:
        well = relay.is_well()
        return PlainTextResponse("ok\n" if well else "somebody is told nothing any more\n", 200 if well else 503)

    return Starlette(
        routes=[
            Route("/receivers/{name}", newest),
            Route("/receivers/{name}", accept, methods=["POST"]),
            Route("/metrics", metrics),
            Route("/healthz", healthz),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: error_line},
    )


def _receiver(relay: Relay, request: Request) -> str:
    name: str = request.path_params["name"]
    if not relay.knows(name):
        raise HTTPException(404, "there is no such receiver")
    return name


async def _body(request: Request) -> bytes:
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            return await bounded_body(request, _MOST_BYTES)
    except TimeoutError:
        raise HTTPException(408, "the body did not come") from None


def _require_token(request: Request, file: Path | None) -> None:
    """Read anew, as Alertmanager does, so that it can be rotated."""
    if file is None:
        return
    try:
        wanted = f"Bearer {secret_file.read(file)}"
    except (OSError, ValueError) as error:
        _log.error('error="%s: the token of Alertmanager cannot be read"', file)
        raise HTTPException(503, "the token cannot be read") from error
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted.encode()):
        raise HTTPException(401, "this is not the token of notify.relay_token_file")
