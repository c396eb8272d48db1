"""Is vLLM loading, for how long, and how long did it take last time? As far as it shows from outside.

It is loading from the start of its process to its first answer. Of a server that does not answer, the process is looked
for on this machine: one that began after the last answer is loading, an older one is on its way out. Where none is
seen, the page says after the fact when the process began. How far it has come shows nowhere, so there are no phases; a
figure that nobody could have seen begin is not told. Seconds since boot: processes and clocks share it, whatever
somebody sets the wall clock to.
"""

from collections.abc import Callable, Iterator

from exporters.clocks import MACHINE, Clocks
from ragpulse.catalogue.vllm import LOADING_SECONDS
from ragpulse.metric import Sample


class Loading:
    """`process`: when the process of the server began, in seconds since boot; None when none is seen."""

    def __init__(self, service: str, process: Callable[[], float | None], clocks: Clocks = MACHINE) -> None:
        self._service = service
        self._process = process
        self._clocks = clocks
        self._answered: float | None = None
        self._absent_since: float | None = None
        self._began: float | None = None
        self._took: float | None = None

    def absent(self) -> Iterator[Sample]:
        """It does not answer: a sample while it is loading, nothing when it does not run."""
        now = self._clocks.since_boot()
        if self._absent_since is None:
            self._absent_since = now
        began = self._process()
        is_new = began is not None and (self._answered is None or began > self._answered)
        self._began = began if is_new else None
        if self._began is not None:
            yield self._sample(now - self._began)

    def answers(self, started: float | None) -> Iterator[Sample]:
        """`started`: what its page says of its process, in Unix time. A sample when its loading was seen."""
        now = self._clocks.since_boot()
        if self._absent_since is not None:
            began = self._began if self._began is not None else self._as_it_says(started, now)
            self._took = None if began is None else now - began
            self._absent_since = self._began = None
        self._answered = now
        if self._took is not None:
            yield self._sample(self._took)

    def _as_it_says(self, started: float | None, now: float) -> float | None:
        if started is None:
            return None
        began = now - (self._clocks.wall() - started)
        before = self._answered if self._answered is not None else self._absent_since
        return began if before is not None and began > before else None

    def _sample(self, seconds: float) -> Sample:
        return LOADING_SECONDS(max(0.0, seconds), service=self._service)
