"""What vLLM is doing, judged by three witnesses: the numbers of its page, its health, and our canary.

States, the first that applies:
down: nothing answers (`loading` while a process of it is seen to start: see `vllm_process`).
refusing: /health answers with a server error.
stalled: no progress for 15 s, though there is something to do. Either some engine has requests running and neither its
tokens nor its steps move; or canaries time out and nothing moves, whatever the gauges say: a real vLLM publishes
running and waiting only at the end of a step, so that one hung in its first step looks idle. Where the server says
nothing of itself (--disable-log-stats), canaries that have timed out for 15 s decide alone.
refusing: the canary was answered with an error, in HTTP or inside its stream.
saturated: requests wait, and the KV cache is full, the canary met a full engine, or requests waited at the last look.
serving: everything else. Times are seconds of a monotonic clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from exporters.canary_record import Finding
from exporters.vllm_page import Engine
from exporters.vllm_text import EngineKey

STALLED_AFTER = 15.0
FULL_CACHE = 0.95
Engines = Mapping[EngineKey, Engine]

_HANGS = ("timeout", "deadline")
_REFUSALS = ("http_5xx", "stream_error", "stream_broken", "empty")


@dataclass(frozen=True, slots=True)
class _Moved:
    """progress: as it was last seen. since: when it was first seen so."""

    progress: float
    since: float

    def seen(self, progress: float, now: float) -> "_Moved":
        return self if progress == self.progress else _Moved(progress, now)


class StateWatch:
    def __init__(self) -> None:
        self._working: dict[EngineKey, _Moved] = {}  # engines with requests running
        self._all: _Moved | None = None
        self._hanging_since: float | None = None  # the first of the canaries that timed out one after the other
        self._waited = False

    def forget(self) -> None:
        """Nothing could be seen: whatever comes next has no past."""
        self._working = {}
        self._all = None
        self._hanging_since = None
        self._waited = False

    def judge(self, engines: Engines, now: float, *, refusing: bool, finding: Finding | None = None) -> str:
        """`engines` is empty when the server says nothing of itself; `finding` None when no canary tells."""
        reason = finding.reason if finding else ""
        stalled = self._an_engine_stands_still(engines, now)
        stalled = self._canaries_hang(engines, now, finding) or stalled
        waits, waited = any(engine.waiting > 0 for engine in engines.values()), self._waited
        self._waited = waits
        if refusing:
            return "refusing"
        if stalled:
            return "stalled"
        if reason in _REFUSALS:
            return "refusing"
        full = any(engine.waiting > 0 and engine.kv_cache_usage >= FULL_CACHE for engine in engines.values())
        return "saturated" if full or (waits and (waited or reason == "saturated")) else "serving"

    def _an_engine_stands_still(self, engines: Engines, now: float) -> bool:
        self._working = {
            key: self._working.get(key, _Moved(engine.progress, now)).seen(engine.progress, now)
            for key, engine in engines.items()
            if engine.running > 0
        }
        return any(now - moved.since >= STALLED_AFTER for moved in self._working.values())

    def _canaries_hang(self, engines: Engines, now: float, finding: Finding | None) -> bool:
        progress = sum(engine.progress for engine in engines.values())
        self._all = (self._all or _Moved(progress, now)).seen(progress, now)
        if finding is None or finding.reason not in _HANGS:
            self._hanging_since = None
            return False
        if self._hanging_since is None:
            self._hanging_since = finding.at
        stands_since = self._all.since if engines else self._hanging_since
        return now - stands_since >= STALLED_AFTER
