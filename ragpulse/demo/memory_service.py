"""A small memory service over HTTP: store a note, find it by words or by tag, read it, forget it.

`/health` says that the process answers; `/ready` that its database can be read and written now (503 with one line
otherwise). A duplicate is 200 with `success: false`, as mcp-memory-service does it: who looks at the status alone
takes it for stored. Errors: 400 for a body that is not as described, 413 for a large one, 503 while SQLite refuses.
"""

import argparse
import sqlite3
import time
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ragpulse.demo.memory_store import MemoryStore, id_of
from ragpulse.demo.serve import serve
from ragpulse.http_service import bounded_body, error_line

_MAX_BODY_BYTES = 64 * 1024
_MOST_LISTED = 100


class NewMemory(BaseModel):
    content: Annotated[str, Field(min_length=1, max_length=8000)]
    tags: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=16)] = []


class Search(BaseModel):
    query: Annotated[str, Field(max_length=8000)]
    limit: Annotated[int, Field(ge=1, le=50)] = 5


Body = TypeVar("Body", bound=BaseModel)


class MemoryService:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._started = time.monotonic()

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "healthy"})

    async def ready(self, _: Request) -> Response:
        try:
            size = await run_in_threadpool(self._store.check)
        except sqlite3.Error as error:
            return JSONResponse({"status": "not ready", "error": str(error)}, 503)
        return JSONResponse(
            {
                "status": "ready",
                "entries": size.entries,
                "database_bytes": size.bytes,
                "uptime_seconds": round(time.monotonic() - self._started, 3),
            }
        )

    async def add(self, request: Request) -> Response:
        new = await _body(request, NewMemory)
        memory_id = id_of(new.content)
        if await run_in_threadpool(self._store.add, new.content, new.tags):
            return JSONResponse({"success": True, "message": "stored", "id": memory_id})
        return JSONResponse({"success": False, "message": "this content is already stored", "id": memory_id})

    async def get(self, request: Request) -> Response:
        content = await run_in_threadpool(self._store.get, request.path_params["id"])
        if content is None:
            raise HTTPException(404, "there is no such memory")
        return JSONResponse({"id": request.path_params["id"], "content": content})

    async def tagged(self, request: Request) -> Response:
        tag = request.query_params.get("tag", "")
        found = await run_in_threadpool(self._store.tagged, tag, _MOST_LISTED)
        return JSONResponse({"results": [{"id": memory_id, "content": content} for memory_id, content in found]})

    async def search(self, request: Request) -> Response:
        wanted = await _body(request, Search)
        found = await run_in_threadpool(self._store.search, wanted.query, wanted.limit)
        results = [{"id": one.id, "content": one.content, "score": one.score} for one in found]
        return JSONResponse({"success": True, "results": results})

    async def delete(self, request: Request) -> Response:
        if not await run_in_threadpool(self._store.delete, request.path_params["id"]):
            raise HTTPException(404, "there is no such memory")
        return JSONResponse({"success": True})


def build(store: MemoryStore) -> Starlette:
    service = MemoryService(store)
    return Starlette(
        routes=[
            Route("/health", service.health),
            Route("/ready", service.ready),
            Route("/memories", service.add, methods=["POST"]),
            Route("/memories", service.tagged),
            Route("/memories/{id}", service.get),
            Route("/memories/{id}", service.delete, methods=["DELETE"]),
            Route("/search", service.search, methods=["POST"]),
        ],
        exception_handlers={HTTPException: error_line, sqlite3.Error: _database_error},
    )


async def _body(request: Request, model: type[Body]) -> Body:
    data = await bounded_body(request, _MAX_BODY_BYTES)
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise HTTPException(400, f"{where}: {first['msg']}") from None


async def _database_error(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"the database refuses: {error}"}, 503)


def main() -> None:
    parser = argparse.ArgumentParser(description="The memory service of the demo.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", type=Path, required=True)
    arguments = parser.parse_args()
    serve(build(MemoryStore(arguments.database)), arguments.port)


if __name__ == "__main__":
    main()
