"""Which archives does a repository hold? Borg is asked for its newest ones, oldest first. Errors: BorgError.

Borg writes times as the zone of whoever asks has them, and without that zone: so it is asked in UTC.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ragpulse.borg.call import BorgError

IN_UTC = {"TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Archive:
    """start: when its backup began, in Unix time."""

    name: str
    start: float


def archives(output: bytes) -> list[Archive]:
    """Of what `borg list --json` printed with `IN_UTC`."""
    try:
        found: list[dict[str, Any]] = json.loads(output)["archives"]
        return [Archive(str(each["name"]), _unix(each["start"])) for each in found]
    except (ValueError, LookupError, TypeError):
        raise BorgError("borg lists its archives in a form that this version does not know") from None


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
