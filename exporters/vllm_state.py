"""What vLLM is doing, and how much it produces while requests wait, told from one look at it to the next.

States, the first that applies (`loading` is never claimed: a server that loads refuses connections like a dead one):
down: nothing answers. refusing: /health answers with a server error. stalled: some engine has requests running and
neither tokens nor steps have moved for 15 s, while /health says 200. saturated: requests wait, and the KV cache is
full or requests already waited at the last look. serving: everything else. Times are seconds of a monotonic clock.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exporters.vllm_page import Engine
from exporters.vllm_text import EngineKey
from ragpulse.catalogue.vllm import DEMAND_SECONDS, DEMAND_TOKENS
from ragpulse.metric import Sample

STALLED_AFTER = 15.0
FULL_CACHE = 0.95
Engines = Mapping[EngineKey, Engine]


class StateWatch:
    def __init__(self) -> None:
        self._moved: dict[EngineKey, tuple[float, float]] = {}  # of what works: progress, and since when
        self._waited = False

    def forget(self) -> None:
        """Nothing could be seen: whatever comes next has no past."""
        self._moved = {}
        self._waited = False

    def judge(self, engines: Engines, now: float, *, refusing: bool) -> str:
        stalled = self._stalled(engines, now)
        waits, waited = _waiting(engines), self._waited
        self._waited = waits
        if refusing:
            return "refusing"
        if stalled:
            return "stalled"
        full = any(engine.waiting > 0 and engine.kv_cache_usage >= FULL_CACHE for engine in engines.values())
        return "saturated" if full or (waits and waited) else "serving"

    def _stalled(self, engines: Engines, now: float) -> bool:
        moved: dict[EngineKey, tuple[float, float]] = {}
        for key, engine in engines.items():
            if engine.running > 0:
                progress, since = self._moved.get(key, (engine.progress, now))
                moved[key] = (engine.progress, since if progress == engine.progress else now)
        self._moved = moved
        return any(now - since >= STALLED_AFTER for _, since in moved.values())


@dataclass(frozen=True, slots=True)
class _Look:
    at: float
    waits: bool
    generated: Mapping[EngineKey, float]


class Demand:
    """Seconds and tokens between two looks at both of which requests waited. They only grow, whatever vLLM does.

    longest: two looks further apart than this many seconds are not joined: nobody saw what was between them.
    """

    def __init__(self, service: str, longest: float) -> None:
        self._service = service
        self._longest = longest
        self._last: _Look | None = None
        self._seconds = 0.0
        self._tokens = 0.0
        self._lock = threading.Lock()

    def forget(self) -> None:
        with self._lock:
            self._last = None

    def observe(self, engines: Engines, now: float) -> None:
        look = _Look(now, _waiting(engines), {key: engine.generated for key, engine in engines.items()})
        with self._lock:
            last, self._last = self._last, look
            if last is not None and last.waits and look.waits and look.at - last.at <= self._longest:
                self._seconds += look.at - last.at
                self._tokens += sum(_grown(last.generated, look.generated))

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            seconds, tokens = self._seconds, self._tokens
        yield DEMAND_SECONDS(seconds, service=self._service)
        yield DEMAND_TOKENS(tokens, service=self._service)


def _waiting(engines: Engines) -> bool:
    return any(engine.waiting > 0 for engine in engines.values())


def _grown(before: Mapping[EngineKey, float], after: Mapping[EngineKey, float]) -> Iterator[float]:
    """A counter that fell belongs to an engine that started anew, one that is new has no past: both count nothing."""
    for key, value in after.items():
        yield max(0.0, value - before.get(key, value))
