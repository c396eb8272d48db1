"""How long has vLLM been loading, and how long did it take last time? As far as it shows from outside.

From the start of its process, as this machine knows it, to the first answer. Only what was seen is told: a server whose
process is not seen here has no such figure. Seconds of the wall clock, for a process knows its start in no other.
"""

import time
from collections.abc import Callable, Iterator

from ragpulse.catalogue.vllm import LOADING_SECONDS
from ragpulse.metric import Sample


class Loading:
    """`started`: when the process of the server began, in Unix time; None when none is seen. It may take some 20 ms."""

    def __init__(
        self, service: str, started: Callable[[], float | None], wall: Callable[[], float] = time.time
    ) -> None:
        self._service = service
        self._started = started
        self._wall = wall
        self._since: float | None = None
        self._took: float | None = None

    def refused(self) -> Iterator[Sample]:
        """Nobody listens: a sample while it loads, nothing when it does not run."""
        self._took = None
        self._since = self._started()
        if self._since is not None:
            yield self._sample(self._wall() - self._since)

    def answers(self) -> Iterator[Sample]:
        if self._since is not None:
            self._took, self._since = self._wall() - self._since, None
        if self._took is not None:
            yield self._sample(self._took)

    def _sample(self, seconds: float) -> Sample:
        return LOADING_SECONDS(max(0.0, seconds), service=self._service)
