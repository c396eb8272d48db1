"""The demo's own memory service on a real socket, told to misbehave in one request of a round trip.

A fault sees a request before the service does, and gives the answer in its place, or none to let it through.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from ragpulse.demo.memory_service import build
from ragpulse.demo.memory_store import MemoryStore
from tests.fakes.asgi_server import served

Fault = Callable[["FaultyMemory", dict[str, Any]], Awaitable[Response | None]]


@dataclass
class FaultyMemory:
    store: MemoryStore
    url: str = ""
    faults: dict[str, Fault] = field(default_factory=dict)  # by method and what it is about: "POST all", "GET one"
    asked: list[str] = field(default_factory=list)

    def begin(self, folder: Path) -> None:
        self.store = MemoryStore(folder / "memory.sqlite3")
        self.faults.clear()
        self.asked.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await build(self.store)(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        self.asked.append(f"{request.method} {scope['raw_path'].decode()}")
        is_one = "/" in request.url.path.lstrip("/")
        fault = self.faults.get(f"{request.method} {'one' if is_one else 'all'}")
        answer = await fault(self, await request.json() if body else {}) if fault else None

        async def again() -> Message:
            return {"type": "http.request", "body": body}

        await (answer or build(self.store))(scope, again, send)


@contextmanager
def faulty_memory(folder: Path) -> Iterator[FaultyMemory]:
    """`begin` gives it an empty database and takes its faults away."""
    service = FaultyMemory(MemoryStore(folder / "memory.sqlite3"))
    with served(service) as url:
        service.url = url
        yield service


def answers(body: Any, status: int = 200) -> Fault:
    async def fault(_: FaultyMemory, __: dict[str, Any]) -> Response:
        return JSONResponse(body, status)

    return fault


def the_first(count: int, fault: Fault) -> Fault:
    """Afterwards the service answers itself."""
    left = iter(range(count))

    async def sometimes(service: FaultyMemory, body: dict[str, Any]) -> Response | None:
        return await fault(service, body) if next(left, None) is not None else None

    return sometimes


async def is_there_already(service: FaultyMemory, body: dict[str, Any]) -> Response | None:
    service.store.add(body["content"], body["tags"])
    return None


async def stores_and_says_nothing(service: FaultyMemory, body: dict[str, Any]) -> Response | None:
    service.store.add(body["content"], body["tags"])
    await asyncio.Event().wait()  # until the server goes
    return None
