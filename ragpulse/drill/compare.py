"""Is anything worse than it was? Only what was measured in the same way is compared."""

from collections.abc import Iterable, Iterator

from ragpulse.drill.row import Row

_TIMES, _SECONDS = 1.5, 10.0  # slower by both: a busy machine alone is no regression


def regressions(before: Iterable[Row], now: Iterable[Row]) -> list[str]:
    """One line for each. What was never measured before, or only at other times, has none."""
    known = {row.fault: row for row in before}
    return [
        f"{row.fault}: {reason}"
        for row in now
        if row.fault in known and row.accelerated == known[row.fault].accelerated
        for reason in _worse(known[row.fault], row)
    ]


def _worse(before: Row, now: Row) -> Iterator[str]:
    if now.alert != before.alert:
        yield f"should be told as {now.alert or 'nothing'}, was told as {before.alert or 'nothing'}"
    elif new := set(now.heard) - set(before.heard):
        yield f"{', '.join(sorted(new))} is told too, and was not"
    if now.pages > before.pages:
        yield f"{now.pages} pages, where there were {before.pages}"
    if before.p50_seconds is None:
        return
    if now.p50_seconds is None:
        yield f"was told after {before.p50_seconds:g} s, and is not told in each run"
    elif now.p50_seconds > max(_TIMES * before.p50_seconds, before.p50_seconds + _SECONDS):
        yield f"half of the runs took {now.p50_seconds:g} s, where it was {before.p50_seconds:g} s"
