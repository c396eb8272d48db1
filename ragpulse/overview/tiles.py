"""One tile for each target, for somebody three metres away: the verdict over all services and its worst value."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ragpulse.overview.banner import SLO_WORDS
from ragpulse.overview.facts import Verdict, VerdictState

# What a tile says when its rows differ: the first of these that any of them has.
_PRECEDENCE: tuple[VerdictState, ...] = ("missed", "unknown", "met", "idle", "unmeasured")
_COUNTED = {"met": "met", "missed": "missed", "idle": "idle", "unmeasured": "not measurable here", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Tile:
    """`worst` is the row that decides: the one whose verdict the tile shows and that is farthest from its objective."""

    slo: str
    title: str
    state: VerdictState
    worst: Verdict
    counts: str
    rows: tuple[Verdict, ...]


def tiles(verdicts: Iterable[Verdict]) -> tuple[Tile, ...]:
    by_slo: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_slo.setdefault(verdict.slo, []).append(verdict)
    return tuple(_tile(slo, rows) for slo, rows in by_slo.items())


def _tile(slo: str, rows: Sequence[Verdict]) -> Tile:
    state = min((row.state for row in rows), key=_PRECEDENCE.index)
    counts = {word: sum(row.state == each for row in rows) for each, word in _COUNTED.items()}
    words = SLO_WORDS[slo]
    return Tile(
        slo=slo,
        title=words[0].upper() + words[1:],
        state=state,
        worst=min((row for row in rows if row.state == state), key=_distance),
        counts=" · ".join(f"{count} {word}" for word, count in counts.items() if count),
        rows=tuple(rows),
    )


def _distance(verdict: Verdict) -> float:
    """How far a value lies above its objective; every objective is a value to reach."""
    return float("inf") if verdict.value is None else verdict.value / verdict.objective
