"""What a source is: something that reads its own small world and says it in samples of the catalogue.

A source never catches broadly, never logs per run, never retries by itself and keeps no global; the runner isolates
it, times it and records how it went. Its outside world comes in through its constructor.
"""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from ragpulse.metric import Metric, Sample

READING_INTERVAL = 5.0  # seconds between two readings of something local; shorter needs a reason


class SourceError(Exception):
    """A source that could not read: says in one line what and, where it can, what to do."""


class PartError(SourceError):
    """Raised at the end of a reading: what was given is good, and this is missing. The run is an error all the same."""


class Source(Protocol):
    """A reading. `read` may block: it runs in the source's own thread.

    interval: seconds between two runs. timeout: seconds after which a run is abandoned as `deadline`.
    max_age: seconds for which a reading stays on the page; None means 2.5 intervals.
    emits: the catalogue entries that `read` (and `counters`) may give samples of.
    """

    name: str
    interval: float
    timeout: float
    max_age: float | None
    emits: tuple[Metric, ...]

    def read(self) -> Iterable[Sample]:
        """The readings of now. What cannot be known has no sample. Errors: any exception is this run's error."""


@runtime_checkable
class Counting(Protocol):
    """A source with counters of its own: they outlive failed runs and are never withheld from the page."""

    def counters(self) -> Iterable[Sample]:
        """All counters, those at 0 too. Never blocks; called from any thread."""

    def cut(self) -> None:
        """The runner gave a run up at its deadline, or skipped a due run because one hangs: count that as a failure."""


@runtime_checkable
class Noting(Protocol):
    """A source with something to say to a person that is no number: it stands on the landing page."""

    @property
    def note(self) -> str:
        """One line, empty for nothing. Never blocks; called from any thread."""
