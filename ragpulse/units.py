"""Quantities that are written with their unit: `100ms`, `31d`, `10GiB`, `200Gbit/s`, `1000 tokens/s`.

Parsed values are floats in base units (seconds, bytes, bytes per second, tokens per second); a bare number is
refused, because nobody can tell what `5` means. Errors: ValueError with the units that are allowed.
"""

import math
import re

from ragpulse.unit_words import called_here

DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
SIZE_UNITS = {"B": 1.0} | {
    prefix + suffix: base**power
    for suffix, base in (("B", 1000.0), ("iB", 1024.0))
    for power, prefix in enumerate("kMGT" if suffix == "B" else "KMGT", start=1)
}
BIT_RATE_UNITS = {f"{prefix}bit/s": 10.0**power / 8 for prefix, power in (("k", 3), ("M", 6), ("G", 9), ("T", 12))}
TOKEN_RATE_UNITS = {"tokens/s": 1.0, "tokens/min": 1 / 60}
_LONGEST = 106751 * 86400.0  # Prometheus has 64 bits for the nanoseconds of a duration
_NUMBER_AND_UNIT = re.compile(r"\s*(-?\d+(?:\.\d+)?)(\s*)([A-Za-z/]*)\s*", re.ASCII)


def _quantity(value: object, units: dict[str, float], example: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match = _NUMBER_AND_UNIT.fullmatch(str(value)) if isinstance(value, str) or is_number else None
    if match is None or match[3] not in units:
        raise ValueError(f"{value!r} {_complaint(match, list(units), example)} (units: {', '.join(units)})")
    amount = float(match[1]) * units[match[3]]
    if not math.isfinite(amount) or amount <= 0:
        raise ValueError(f"{value!r} must be more than zero")
    return amount


def _complaint(match: re.Match[str] | None, allowed: list[str], example: str) -> str:
    if match is None:
        return f"is not a number with a unit; write it like {example}"
    number, blank, unit = match.groups()
    if not unit:
        return f"has no unit; write it like {example}"
    meant = called_here(unit, allowed)
    return f"has the unit {unit}, unknown here; write " + (f"{number}{blank}{meant}" if meant else f"it like {example}")


def duration(value: object) -> float:
    """Seconds."""
    seconds = _quantity(value, DURATION_UNITS, "10s")
    if seconds > _LONGEST:
        raise ValueError(f"{value!r} is longer than Prometheus can count: at most 106751d")
    return seconds


def size(value: object) -> float:
    """Bytes."""
    return _quantity(value, SIZE_UNITS, "10GiB")


def bit_rate(value: object) -> float:
    """Bytes per second of a link whose speed is written in bits."""
    return _quantity(value, BIT_RATE_UNITS, "200Gbit/s")


def token_rate(value: object) -> float:
    """Tokens per second."""
    return _quantity(value, TOKEN_RATE_UNITS, "1000 tokens/s")


def prometheus_duration(seconds: float) -> str:
    """The shortest exact spelling that Prometheus, promtool and Alertmanager of every version read: `90s`, `31d`."""
    milliseconds = round(seconds * 1000)
    for unit in ("d", "h", "m", "s"):
        step = round(DURATION_UNITS[unit] * 1000)
        if milliseconds and milliseconds % step == 0:
            return f"{milliseconds // step}{unit}"
    return f"{milliseconds}ms"


def human_duration(seconds: float) -> str:
    """For people, in two units at most: `2 d 3 h`, `4 min`, `85 ms`. What is less than nothing is nothing."""
    if seconds < 1:
        milliseconds = round(max(0.0, seconds) * 1000)
        return f"{milliseconds} ms" if milliseconds else "0 s"
    if seconds < 120:  # noqa: PLR2004 - below two minutes, seconds say more
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h")] if days else [(hours, "h"), (minutes, "min")]
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount)


def exact_duration(seconds: float) -> str:
    """For people, where nothing may be rounded away: what a target promises (`2.5 s`, `100 ms`)."""
    amount, unit = (seconds * 1000, "ms") if seconds < 1 else (seconds, "s")
    return f"{amount:.10g} {unit}"
