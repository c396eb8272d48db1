"""Discord, Telegram, ntfy and a webhook on one loopback server: each takes what its documentation says, and no more.

Discord: JSON with `content` of 1 to 2000 characters → 204. Telegram: JSON with `chat_id` and `text` of 1 to 4096 → 200
`{"ok": true}`. ntfy: a body of at most 4096 bytes, `Title` as RFC 2047, `Priority` from 1 to 5 → 200. Anything at all
below `/hook` → 200. What stands in `script` is answered first, whoever asks.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.asgi_server import served

DISCORD_PATH = "/api/webhooks/1/a-secret-of-discord"
TELEGRAM_TOKEN = "1:a-secret-of-telegram"
TOPIC_PATH = "/a-secret-topic"
HOOK_PATH = "/hook/a-secret-of-a-webhook"
NTFY_TOKEN = "tk_a-secret-of-ntfy"


@dataclass(frozen=True)
class Heard:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Services:
    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    script: deque[Response] = field(default_factory=deque)
    held: threading.Event | None = None  # while it is given and not set, nobody is answered

    def on(self, path: str) -> list[Heard]:
        return [one for one in self.heard if one.path == path]

    def application(self) -> Starlette:
        async def answer(request: Request) -> Response:
            heard = Heard(request.url.path, dict(request.headers), await request.body())
            self.heard.append(heard)
            if self.held is not None:
                await asyncio.to_thread(self.held.wait)
            return self.script.popleft() if self.script else _answer(heard)

        return Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])


@contextmanager
def told_services() -> Iterator[Services]:
    services = Services()
    with served(services.application()) as services.url:
        yield services


def _answer(heard: Heard) -> Response:
    if heard.path == DISCORD_PATH:
        return Response(status_code=204 if 0 < len(heard.json["content"]) <= 2000 else 400)
    if heard.path == f"/bot{TELEGRAM_TOKEN}/sendMessage":
        well = isinstance(heard.json["chat_id"], int) and 0 < len(heard.json["text"]) <= 4096
        return JSONResponse({"ok": well}, 200 if well else 400)
    if heard.path == TOPIC_PATH:
        title = str(make_header(decode_header(heard.headers["title"])))
        well = bool(title) and 1 <= int(heard.headers["priority"]) <= 5 and len(heard.body) <= 4096
        return Response(status_code=200 if well else 400)
    return Response(status_code=200 if heard.path == HOOK_PATH else 404)
