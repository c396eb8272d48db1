"""What the adapter counts, and its page: text format 0.0.4, every series there from the start."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import product

from ragpulse.catalogue.relay import LAST_SUCCESS, MESSAGES, QUEUE, REASONS, RESULTS, RETRIES
from ragpulse.metric import Sample, header, line


class Tally:
    def __init__(self, receivers: Iterable[str], clock: Callable[[], float] = time.time) -> None:
        self._receivers = tuple(receivers)
        self._clock = clock
        self._messages = Counter(dict.fromkeys(product(self._receivers, RESULTS), 0))
        self._retries = Counter(dict.fromkeys(product(self._receivers, REASONS), 0))
        self._last = dict.fromkeys(self._receivers, 0.0)

    def message(self, receiver: str, result: str) -> None:
        self._messages[receiver, result] += 1
        if result == "delivered":
            self._last[receiver] = self._clock()

    def retry(self, receiver: str, reason: str) -> None:
        self._retries[receiver, reason] += 1

    def page(self, length: Callable[[str], int]) -> str:
        """`length`: how much waits for a receiver."""
        families: tuple[Iterator[Sample], ...] = (
            (MESSAGES(value, receiver=name, result=result) for (name, result), value in self._messages.items()),
            (RETRIES(value, receiver=name, reason=reason) for (name, reason), value in self._retries.items()),
            (QUEUE(length(name), receiver=name) for name in self._receivers),
            (LAST_SUCCESS(value, receiver=name) for name, value in self._last.items()),
        )
        return "".join(map(_family, families))


def _family(samples: Iterator[Sample]) -> str:
    listed = list(samples)
    return header(listed[0].metric) + "".join(map(line, listed)) if listed else ""
