"""What vLLM is doing, judged by three witnesses: the numbers of its page, its health, and our canary.

States, the first that applies (`loading`, and `down` when nobody listens, are known without a judgement):
stalled: for 15 s nothing moved, neither tokens nor steps, though there is something to do. Either an engine has work
(running or waiting), whatever /health says; or canaries time out, whatever the gauges say: a real vLLM publishes them
only at the end of a step, so that one that hangs in its first step looks idle. With several engines, one that stands
still is enough once no canary has been answered for 15 s.
refusing: /health answers with a server error, or the canary was answered with an error, in HTTP or inside its stream.
saturated: requests wait, and the KV cache is full, the canary timed out, or requests waited at the last look.
serving: everything else.

A server without numbers (--disable-log-stats, a page that does not answer) is what its canaries say, stalled when none
was answered for 15 s. Without them nobody knows, and nothing is said; but where nothing answers at all, it is down.
Times are seconds of a monotonic clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from exporters.canary_record import Finding
from exporters.vllm_page import Engine
from exporters.vllm_text import EngineKey

STALLED_AFTER = 15.0
FULL_CACHE = 0.95
Engines = Mapping[EngineKey, Engine]
Health = Literal["well", "refuses", "silent", "unclear"]  # silent: no answer; unclear: one that is not vLLM's

_HANGS = ("timeout", "deadline")
_REFUSALS = ("http_5xx", "stream_error", "stream_broken", "empty")
_SATURATED = "saturated"


@dataclass(frozen=True, slots=True)
class _Stand:
    """progress: as it was last seen. since: when it was first seen so. busy: since when there was always something to
    do at that progress; None when there is not.
    """

    progress: float
    since: float
    busy: float | None

    def next(self, engine: Engine, now: float) -> "_Stand":
        moved = engine.progress != self.progress
        busy = self.busy if self.busy is not None and not moved else now
        return _Stand(engine.progress, now if moved else self.since, busy if _has_work(engine) else None)


class StateWatch:
    """`patience`: seconds after which a canary gives up."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self.forget()

    def forget(self) -> None:
        """Nothing could be seen, or time stood still: whatever comes next has no past."""
        self._stands: dict[EngineKey, _Stand] = {}
        self._unanswered_since: float | None = None
        self._waited = False
        self._told: str | None = None

    def judge(
        self, engines: Engines, now: float, *, health: Health = "well", finding: Finding | None = None
    ) -> str | None:
        """`engines` is empty where there are no numbers; `finding` is None when no canary tells."""
        self._see(engines, now, health, finding)
        if not engines:
            return self._without_numbers(health, finding)
        reason = finding.reason if finding else ""
        waits, waited = any(engine.waiting > 0 for engine in engines.values()), self._waited
        self._waited = waits
        if self._stands_still(now, health, finding):
            return "stalled"
        if health == "refuses" or reason in _REFUSALS:
            return "refusing"
        full = any(engine.waiting > 0 and engine.kv_cache_usage >= FULL_CACHE for engine in engines.values())
        is_full = full or reason == _SATURATED or (waits and (waited or reason in _HANGS))
        return _SATURATED if is_full else "serving"

    def _see(self, engines: Engines, now: float, health: Health, finding: Finding | None) -> None:
        if engines:
            self._stands = {
                key: self._stands[key].next(engine, now) if key in self._stands else _first(engine, now)
                for key, engine in engines.items()
            }
        if not _is_unanswered(health, finding):
            self._unanswered_since = None
        elif self._unanswered_since is None:
            self._unanswered_since = finding.at - self._patience if finding else now
        self._told = self._what_canaries_tell(now, finding.reason) if finding else None

    def _stands_still(self, now: float, health: Health, finding: Finding | None) -> bool:
        stands = self._stands.values()
        if any(stand.busy is not None and now - stand.busy >= STALLED_AFTER for stand in stands):
            return True
        if not _is_unanswered(health, finding):
            return False
        still = [now - stand.since >= STALLED_AFTER for stand in stands]
        if finding is None:
            return all(still) and self._has_been_unanswered(now)
        return all(still) or (any(still) and self._has_been_unanswered(now))

    def _what_canaries_tell(self, now: float, reason: str) -> str | None:
        """By the last one that said anything about the engine: an `auth`, say, is about us."""
        if reason in ("", _SATURATED):
            return reason or "serving"
        if reason in _REFUSALS:
            return "refusing"
        return "stalled" if reason in _HANGS and self._has_been_unanswered(now) else self._told

    def _without_numbers(self, health: Health, finding: Finding | None) -> str | None:
        if health == "refuses":
            return "refusing"
        is_answered = finding is not None and finding.reason in ("", _SATURATED)
        return "down" if health == "silent" and not is_answered else self._told

    def _has_been_unanswered(self, now: float) -> bool:
        return self._unanswered_since is not None and now - self._unanswered_since >= STALLED_AFTER


def _first(engine: Engine, now: float) -> _Stand:
    return _Stand(engine.progress, now, now if _has_work(engine) else None)


def _has_work(engine: Engine) -> bool:
    return engine.running > 0 or engine.waiting > 0


def _is_unanswered(health: Health, finding: Finding | None) -> bool:
    return finding.reason in _HANGS if finding else health == "silent"
