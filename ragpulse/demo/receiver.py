"""Where the demo's notifications arrive: each webhook of Alertmanager becomes one line of a file.

`POST /notifications` → 200; 400 for a body that is not Alertmanager's, 413 beyond 1 MiB, 507 when the file cannot be
written (Alertmanager tries again on 5xx). `GET /notifications` → the newest 100, newest first:
`[{"received": <Unix seconds>, "body": {<the webhook>}}]`. `GET /healthz` → 200.
"""

import argparse
import json
import os
import time
from collections import deque
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ragpulse.demo.serve import serve
from ragpulse.http_service import bounded_body, error_line

_MAX_BODY_BYTES = 1024 * 1024
_SHOWN = 100


class NotificationFile:
    """One JSON object per line, only ever appended to. Errors: OSError."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self._newest: deque[dict[str, Any]] = deque(self._read(), maxlen=_SHOWN)

    def append(self, notification: dict[str, Any]) -> None:
        entry = {"received": round(time.time(), 3), "body": notification}
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        # One write on a descriptor that appends: a reader sees the whole line or nothing of it.
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size_before = os.fstat(descriptor).st_size
            if os.write(descriptor, line) != len(line):
                # Or the line that Alertmanager sends again would be glued to this piece of it.
                os.ftruncate(descriptor, size_before)
                raise OSError(f"{self._file}: only part of the line was written")
        finally:
            os.close(descriptor)
        self._newest.append(entry)

    def newest(self) -> list[dict[str, Any]]:
        return list(reversed(self._newest))

    def _read(self) -> list[dict[str, Any]]:
        """What stands there already. A line that a full disk cut short is ended, so that the next one starts afresh."""
        if not self._file.exists():
            return []
        content = self._file.read_bytes()
        if content and not content.endswith(b"\n"):
            with self._file.open("ab") as file:
                file.write(b"\n")
        return [entry for line in content.splitlines()[-_SHOWN:] if (entry := _entry(line)) is not None]


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = _strict_json(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def build(file: Path) -> Starlette:
    notifications = NotificationFile(file)

    async def receive(request: Request) -> Response:
        notification = _notification(await bounded_body(request, _MAX_BODY_BYTES))
        try:
            notifications.append(notification)
        except OSError as error:
            raise HTTPException(507, f"cannot be kept: {error}") from error
        return JSONResponse({"success": True})

    async def show(_: Request) -> Response:
        return JSONResponse(notifications.newest())

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/notifications", show),
            Route("/notifications", receive, methods=["POST"]),
            Route("/healthz", healthz),
        ],
        exception_handlers={HTTPException: error_line},
    )


def _notification(body: bytes) -> dict[str, Any]:
    try:
        notification = _strict_json(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not JSON") from None
    if not isinstance(notification, dict) or not isinstance(notification.get("alerts"), list):
        raise HTTPException(400, "the body is no webhook of Alertmanager: it has no list `alerts`")
    return notification


def _strict_json(text: bytes) -> Any:
    """Only what can be written again: Python also reads NaN, 1e999 and halves of characters, which no answer may hold.

    Errors: ValueError, RecursionError.
    """
    value = json.loads(text)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description="The notification receiver of the demo.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    arguments = parser.parse_args()
    serve(build(arguments.file), arguments.port)


if __name__ == "__main__":
    main()
