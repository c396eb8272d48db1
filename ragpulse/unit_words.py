"""Units as people write them elsewhere, and what they are called here."""

_CALLED_HERE = {
    **dict.fromkeys(("msec", "msecs", "millis", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("week", "weeks"), "w"),
    **{
        f"{prefix}{ending}": f"{prefix}bit/s" for prefix in "kMGT" for ending in ("bps", "b/s", "bits", "bits/s", "bit")
    },
    **dict.fromkeys(("tok/s", "tps", "token/s", "tokens"), "tokens/s"),
    **dict.fromkeys(("tok/min", "token/min", "tpm"), "tokens/min"),
}


def called_here(unit: str, allowed: list[str]) -> str | None:
    """The allowed unit that is meant by an unknown one; None where that cannot be told."""
    same = [name for name in allowed if name.lower() == unit.lower()]
    # In rates case tells bits from bytes; in words it tells nothing.
    meant = (
        same[0] if len(same) == 1 else _CALLED_HERE.get(unit if "/" in unit else unit.lower(), _CALLED_HERE.get(unit))
    )
    return meant if meant in allowed else None
