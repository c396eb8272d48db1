"""The newest notifications that the demo's receiver took in: a file of JSON lines, the last one newest.

Each line is `{"received": Unix seconds, "body": <Alertmanager webhook JSON>}`. The file is written while it is read
and holds what came over the network, so whatever is not such a line is passed over. Errors: none; no file is no
notification.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, FiniteFloat, ValidationError

from ragpulse.overview.facts import Notification

SHOWN = 20
_TAIL = 256 * 1024  # bytes: a notification has about 2 kB


class _Alert(BaseModel):
    status: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _Body(BaseModel):
    alerts: list[_Alert]


class _Line(BaseModel):
    received: FiniteFloat
    body: _Body


def newest(file: Path) -> tuple[Notification, ...]:
    """At most 20, one for each alert of a notification, newest first."""
    found: list[Notification] = []
    for line in _lines_from_the_end(file):
        found += _alerts(line)
        if len(found) >= SHOWN:
            break
    return tuple(found[:SHOWN])


def _lines_from_the_end(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as content:
            size = content.seek(0, 2)
            content.seek(max(0, size - _TAIL))
            tail = content.read(_TAIL)
    except OSError:
        return
    yield from reversed(tail.splitlines())


def _alerts(line: bytes) -> list[Notification]:
    try:
        parsed = _Line.model_validate_json(line)
    except ValidationError:
        return []
    return [
        Notification(
            received=parsed.received, status=alert.status, alert=alert.labels.get("alertname", ""),
            component=alert.labels.get("component", ""), summary=alert.annotations.get("summary", ""),
        )
        for alert in parsed.body.alerts
    ]  # fmt: skip
