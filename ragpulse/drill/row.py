"""What several runs of one fault say together: how soon, how often, and what is wrong with that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from ragpulse.drill.fault import Fault
from ragpulse.drill.run import Run


@dataclass(frozen=True, slots=True)
class Row:
    """alert: None where nobody may be told. pages, notifications: of the run that had most. heard: in any run."""

    fault: str
    what: str
    alert: str | None
    severity: str
    runs: int
    p50_seconds: float | None
    max_seconds: float | None
    accelerated: bool
    pages: int
    notifications: int
    heard: tuple[str, ...]
    watched_after_healing_seconds: float
    load_average: float
    commit: str
    limits: tuple[float, float] | None


def row(fault: Fault, runs: Sequence[Run], commit: str, *, accelerated: bool) -> Row:
    """A run in which nobody was told has no time: then neither have all together."""
    times = [run.seconds for run in runs if run.seconds is not None]
    complete = len(times) == len(runs)
    return Row(
        fault=fault.name,
        what=fault.what,
        alert=fault.alert,
        severity=fault.severity if fault.alert else "",
        runs=len(runs),
        p50_seconds=round(median(times), 1) if complete else None,
        max_seconds=round(max(times), 1) if complete else None,
        accelerated=accelerated,
        pages=max(run.pages for run in runs),
        notifications=max(run.notifications for run in runs),
        heard=tuple(sorted({name for run in runs for name in run.heard})),
        watched_after_healing_seconds=round(max(run.watched for run in runs), 1),
        load_average=round(max(run.load for run in runs), 1),
        commit=commit,
        limits=None if accelerated else fault.limits,
    )


def wrong(rows: Iterable[Row]) -> list[str]:
    """What is not as it must be, whatever it was before."""
    return [f"{each.fault}: {reason}" for each in rows for reason in _wrong(each)]


def _wrong(found: Row) -> Iterable[str]:
    if found.alert is None:
        if found.notifications:
            yield f"nobody should be told, and is: {', '.join(found.heard)}"
        return
    most = 1 if found.severity == "page" else 0
    if found.p50_seconds is None or found.max_seconds is None:
        yield f"{found.alert} was not told in each run; told: {', '.join(found.heard) or 'nothing'}"
    elif found.limits is not None:
        half, each = found.limits
        if found.p50_seconds > half:
            yield f"half of the runs took longer than {found.p50_seconds:g} s; the limit is {half:g} s"
        if found.max_seconds > each:
            yield f"one run took {found.max_seconds:g} s; the limit is {each:g} s"
    if found.pages > most:
        yield f"{found.pages} pages, where {most} is right: {', '.join(found.heard)}"
