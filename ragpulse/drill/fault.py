"""What a fault is: how something is broken and mended, and what must be heard of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from ragpulse.drill.rig import Rig


def _nothing() -> None:
    return None


def _as_it_is(_: Path) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Fault:
    """what: is broken, in words for people. broken: breaks it when entered, mends it when left.

    alert: must be heard, and it alone as a page; None where nobody may hear anything. within: seconds at the usual
    times until it must be heard, or for which silence is watched. limits: seconds, at the usual times, within which
    somebody is told in half of the runs, and in each. refused: why this machine cannot have it. prepared: what it
    needs before the demo in that state folder is started. alone: on a demo that nothing else was done to.
    """

    name: str
    what: str
    broken: Callable[[Rig], AbstractContextManager[None]]
    alert: str | None
    severity: str = "page"
    within: float = 180.0
    limits: tuple[float, float] | None = None
    alone: bool = False
    refused: Callable[[], str | None] = _nothing
    prepared: Callable[[Path], AbstractContextManager[None]] = _as_it_is
