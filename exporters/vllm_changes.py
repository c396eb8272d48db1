"""What is served, and what of it has changed: version, model, context, layout, and restarts, counted from 0.

A change is a difference between two looks that both saw something; what is first seen changes nothing. The layout that
shows from outside is the number of engines (data parallel) and the blocks of their KV caches: the size of a tensor or
pipeline parallel group shows nowhere, but a smaller one has another cache.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from ragpulse.catalogue.vllm import CHANGE_KINDS, CHANGES, MODEL_INFO
from ragpulse.metric import Sample

MAX_MODELS = 20  # shown; LoRA adapters are models too


@dataclass(frozen=True, slots=True)
class Model:
    """root: where its weights come from, as the server says. max_model_len: tokens, as text; empty when not said."""

    name: str
    root: str
    max_model_len: str


@dataclass(frozen=True, slots=True)
class Served:
    """What was seen at one look; None is what could not be seen. `started`: Unix time of the process."""

    version: str | None = None
    models: tuple[Model, ...] | None = None
    layout: tuple[object, ...] | None = None
    started: float | None = None

    def facts(self) -> dict[str, object]:
        models = self.models
        return {
            "version": self.version,
            "model": models and tuple((model.name, model.root) for model in models),
            "context": models and tuple(model.max_model_len for model in models),
            "layout": self.layout,
            "restart": self.started,
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
                self._counts[what] += self._seen.get(what, fact) != fact
                self._seen[what] = fact

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            counts = dict(self._counts)
        for what, count in counts.items():
            yield CHANGES(count, service=self._service, what=what)


def model_info(service: str, models: tuple[Model, ...]) -> Iterator[Sample]:
    for model in models[:MAX_MODELS]:
        yield MODEL_INFO(1, service=service, model=model.name, root=model.root, max_model_len=model.max_model_len)
