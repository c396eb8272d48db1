"""How much vLLM produces while requests wait for it: what its throughput is judged by, so that idle time is no fault.

Units: seconds of a monotonic clock, tokens generated. Two looks at which requests waited enclose time of demand; what
an engine generated in it counts, but for an engine that began or began anew in it. Where a throughput is promised, the
seconds between two looks are within the target as a whole or not at all: what all engines generated in them is judged.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exporters.vllm_page import Engine
from exporters.vllm_text import EngineKey
from ragpulse.catalogue.vllm import DEMAND_SECONDS, DEMAND_TOKENS, DEMAND_WITHIN_TARGET
from ragpulse.metric import Sample

Engines = Mapping[EngineKey, Engine]


@dataclass(frozen=True, slots=True)
class _Look:
    at: float
    waits: bool
    generated: Mapping[EngineKey, float]


class Demand:
    """Seconds and tokens between two looks at both of which requests waited. They only grow, whatever vLLM does.

    longest: two looks further apart than this many seconds are not joined: nobody saw what was between them. at_least:
    tokens per second that are promised; None where nothing is.
    """

    def __init__(self, service: str, longest: float, at_least: float | None = None) -> None:
        self._service = service
        self._longest = longest
        self._at_least = at_least
        self._last: _Look | None = None
        self._seconds = 0.0
        self._tokens = 0.0
        self._within = 0.0
        self._lock = threading.Lock()

    def forget(self) -> None:
        with self._lock:
            self._last = None

    def observe(self, engines: Engines, now: float) -> None:
        look = _Look(now, _waiting(engines), {key: engine.generated for key, engine in engines.items()})
        with self._lock:
            last, self._last = self._last, look
            if last is not None and last.waits and look.waits and look.at - last.at <= self._longest:
                self._add(look.at - last.at, sum(_grown(last.generated, look.generated)))

    def _add(self, seconds: float, tokens: float) -> None:
        self._seconds += seconds
        self._tokens += tokens
        if self._at_least is not None and tokens >= self._at_least * seconds:
            self._within += seconds

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            seconds, tokens, within = self._seconds, self._tokens, self._within
        yield DEMAND_SECONDS(seconds, service=self._service)
        yield DEMAND_TOKENS(tokens, service=self._service)
        if self._at_least is not None:
            yield DEMAND_WITHIN_TARGET(within, service=self._service)


def _waiting(engines: Engines) -> bool:
    return any(engine.waiting > 0 for engine in engines.values())


def _grown(before: Mapping[EngineKey, float], after: Mapping[EngineKey, float]) -> Iterator[float]:
    """A counter that fell belongs to an engine that started anew, one that is new has no past: both count nothing."""
    for key, value in after.items():
        yield max(0.0, value - before.get(key, value))
