"""The measured times as a file: one entry for each alert, and under `_about` all faults and where they were measured.

Whoever saves replaces what it measured itself and keeps the rest. An alert that several faults cause has the entry of
the slowest. Errors: KeptError for a file that is none; OSError where it cannot be written.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ragpulse import atomic
from ragpulse.drill.document import document
from ragpulse.drill.row import Row
from ragpulse.errors import RagpulseError

_ROWS = TypeAdapter(tuple[Row, ...])
_OF_AN_ALERT = (
    "fault", "runs", "p50_seconds", "max_seconds", "accelerated", "pages", "notifications",
    "watched_after_healing_seconds",
)  # fmt: skip


class KeptError(RagpulseError):
    """Not a file that was written here."""

    exit_code = 2


def load(file: Path) -> tuple[Row, ...]:
    """No rows where there is no file yet."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise KeptError(f"{file}: {error.strerror}") from error
    try:
        return _ROWS.validate_python(json.loads(content)["_about"]["faults"])
    except (ValueError, KeyError, TypeError, ValidationError):
        raise KeptError(f"{file}: is no table that `ragpulse drill --save` wrote; name another file") from None


def save(file: Path, measured: Iterable[Row], about: dict[str, Any]) -> None:
    """`about`: how and on what it was measured. The document of the same name, `.md`, is written with it."""
    rows = tuple({row.fault: row for row in (*load(file), *measured)}.values())
    content = {"_about": {**about, "faults": [asdict(row) for row in rows]}, **_alerts(rows)}
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    atomic.write_all({file: text, file.with_suffix(".md"): document(rows)})


def _alerts(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    told = [row for row in rows if row.alert is not None and row.max_seconds is not None]
    slowest = {row.alert: row for row in sorted(told, key=_weight)}
    return {
        alert: {key: value for key, value in asdict(slowest[alert]).items() if key in _OF_AN_ALERT}
        for alert in sorted(slowest, key=str)
        if alert is not None
    }


def _weight(row: Row) -> tuple[bool, float]:
    """What was measured at the usual times says more than what was not."""
    return not row.accelerated, row.max_seconds or 0.0
