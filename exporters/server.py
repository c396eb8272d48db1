"""The agent's HTTP side: `/metrics`, `/healthz`, `/readyz` and a landing page. It reads memory and nothing else.

Errors: `ListenError` when the address cannot be had; a fault of ours while answering is a bare 500, its traceback
goes to the log.
"""

import errno
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporters.about import About
from exporters.landing import landing
from exporters.page import Page
from exporters.runner import Runner
from ragpulse.errors import RagpulseError

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_KEEP_ALIVE = 75  # seconds; longer than any sensible scrape interval, so that one connection serves them all
_BACKLOG = 128
_LAST_ANSWERS = 1  # seconds that requests in flight have to end in when the agent ends


class ListenError(RagpulseError):
    """The address of the agent cannot be listened on: says which, why and which setting moves it."""

    exit_code = 2


def listener(address: str, port: int, setting: str) -> socket.socket:
    """A listening socket; `setting` is where `port` was written. Errors: ListenError."""
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    try:
        # The protocol is named because asyncio switches Nagle's algorithm off only where it is: 40 ms for each answer.
        family, kind, protocol, _, name = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        return _bound(socket.socket(family, kind, protocol), name)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = "another process listens there already"
        elif error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
            why = "this machine has no such address"
        else:
            why = error.strerror or type(error).__name__
        raise ListenError(f"the agent cannot listen on {place}: {why}; change {setting}") from error


def _bound(opened: socket.socket, name: Any) -> socket.socket:
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(name)
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def application(about: About, page: Page, runners: Callable[[], Iterable[Runner]]) -> Starlette:
    """Handlers are coroutines, so that no pool of threads stands between a scrape and the page."""

    async def metrics(_: Request) -> Response:
        return Response(page.text(), headers={"content-type": CONTENT_TYPE})

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("the agent lives\n")

    async def readyz(_: Request) -> Response:
        waiting = [runner.source.name for runner in runners() if runner.health.state == "waiting"]
        if waiting:
            return PlainTextResponse(f"no first result yet: {', '.join(waiting)}\n", 503)
        return PlainTextResponse("every source has had its first run\n")

    async def index(_: Request) -> Response:
        return HTMLResponse(landing(about, runners(), time.time()))

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/", index),
        ],
        middleware=[Middleware(GZipMiddleware, compresslevel=5)],
    )


def server(app: Starlette) -> uvicorn.Server:
    """Serves sockets that are bound already; `should_exit` ends it within `_LAST_ANSWERS`."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_LAST_ANSWERS,
    )
    return uvicorn.Server(config)
