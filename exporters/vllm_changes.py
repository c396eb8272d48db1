"""What of vLLM has changed between two looks: version, model, context, layout, and restarts, counted from 0.

What is first seen, or not seen for a while, changes nothing. The layout that shows from outside is the number of
engines (data parallel) and the tokens that their KV caches hold: the size of a tensor or pipeline parallel group shows
nowhere, but another one has a cache of another size. A cache is measured anew at each start, and a few blocks more are
no other layout. A restart is another start of the process, and where that is not said, counters that fell.
"""

import operator
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exporters.vllm_text import EngineKey
from ragpulse.catalogue.vllm import CHANGE_KINDS, CHANGES
from ragpulse.metric import Sample

_SAME_CACHE = 0.25  # share by which a cache may differ after a restart


@dataclass(frozen=True, slots=True)
class Model:
    """root: where its weights come from, as the server says. max_model_len: tokens, as text; empty when not said."""

    name: str
    root: str
    max_model_len: str


@dataclass(frozen=True, slots=True)
class Layout:
    engines: int
    cache_tokens: float


@dataclass(frozen=True, slots=True)
class Life:
    """started: Unix time of the process, where it is said. work: tokens and steps so far, by engine."""

    started: float | None
    work: Mapping[EngineKey, float]


@dataclass(frozen=True, slots=True)
class Served:
    """What was seen at one look; None is what could not be seen."""

    version: str | None = None
    models: tuple[Model, ...] | None = None
    layout: Layout | None = None
    life: Life | None = None

    def facts(self) -> dict[str, object]:
        models = self.models
        return {
            "version": self.version,
            "model": models and frozenset((model.name, model.root) for model in models),
            "context": models and {model.name: model.max_model_len for model in models},
            "layout": self.layout,
            "restart": self.life,
        }


class Changes:
    def __init__(self, service: str) -> None:
        self._service = service
        self._seen: dict[str, object] = {}
        self._counts = dict.fromkeys(CHANGE_KINDS, 0)
        self._lock = threading.Lock()

    def observe(self, served: Served) -> None:
        with self._lock:
            for what, fact in served.facts().items():
                if fact is None:
                    continue
                if what in self._seen:
                    self._counts[what] += _DIFFERS[what](self._seen[what], fact)
                self._seen[what] = fact

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            counts = dict(self._counts)
        for what, count in counts.items():
            yield CHANGES(count, service=self._service, what=what)


def _other_context(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Of a model that was there before: another model is another change."""
    return any(now[name] != length for name, length in before.items() if name in now)


def _other_layout(before: Layout, now: Layout) -> bool:
    larger = max(before.cache_tokens, now.cache_tokens)
    return before.engines != now.engines or abs(before.cache_tokens - now.cache_tokens) > _SAME_CACHE * larger


def _began_anew(before: Life, now: Life) -> bool:
    if before.started is not None and now.started is not None:
        return before.started != now.started
    return any(now.work[key] < work for key, work in before.work.items() if key in now.work)


_DIFFERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "version": operator.ne,
    "model": operator.ne,
    "context": _other_context,
    "layout": _other_layout,
    "restart": _began_anew,
}
