"""How far is a time that a service tells from our own? Seconds, in either direction: a clock can be ahead, too."""

from datetime import UTC, datetime
from typing import Any

_PER_SECOND = {"s": 1.0, "ms": 1000.0}


def distance(found: Any, unit: str, now: float) -> float | None:
    """`now` in Unix time. None for what is no time in that unit."""
    told = _iso(found) if unit == "iso" else _number(found, _PER_SECOND[unit])
    return None if told is None else abs(now - told)


def _number(found: Any, per_second: float) -> float | None:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        return found / per_second
    except OverflowError:
        return None


def _iso(found: Any) -> float | None:
    if not isinstance(found, str):
        return None
    try:
        told = datetime.fromisoformat(found)
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
