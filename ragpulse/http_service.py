"""What a small HTTP service of ours reads and refuses: bodies of bounded size, errors of one line."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


async def bounded_body(request: Request, limit: int) -> bytes:
    """Errors: HTTPException 413 as soon as more than `limit` bytes have come."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise HTTPException(413, f"the body is larger than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def error_line(_: Request, error: Exception) -> Response:
    """The answer to an HTTPException: `{"error": "<one line>"}`."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for nothing else
    return JSONResponse({"error": error.detail}, error.status_code)
