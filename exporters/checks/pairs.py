"""Do services work together as a question goes through them: what one finds, given to the next?

A fixed vector asks Chroma for its nearest record, whose text is searched for in the memory service, and stands in the
prompt of a completion of a few tokens. Where a collection has no texts, the question itself stands for one. Each
service was found well alone before; what fails here fails in between, and the stage is named. Nothing is written.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Container, Iterator
from functools import partial
from typing import TYPE_CHECKING

from exporters import chroma_api, memory_request
from exporters.checks.check import SPARE, Check, Key, Result, Scene, failed, well
from exporters.checks.vllm import VllmAspects
from exporters.chroma_collection import look_up, unit_vector
from exporters.http_client import Failure

if TYPE_CHECKING:
    from ragpulse.services import Chroma, ChromaQuery, Memory, MemoryCheck

_QUESTION = "What do we know about this?"
_MOST = 600  # characters of a text that go on: with what stands around it, a prompt of the canary holds them
_GOOD = {"well", "note"}
_CONTRACT = "contract"
_REQUESTS = 4  # of a walk, besides the completion
# The last check of each kind alone; in the order of the path.
_LAST = {"chroma": "query", "memory": "search", "vllm": "completion"}


class _BrokenError(Exception):
    """A stage that did not end well."""


Stage = Callable[[str], str]  # the text of the stage before → its own


def retrieval(chroma: Chroma, query: ChromaQuery, seconds: float) -> Stage:
    def find(text: str) -> str:
        with contextlib.closing(chroma_api.client(chroma, seconds)) as client:
            found = look_up(client, chroma, query.collection)
            asked = {"query_embeddings": [unit_vector(found.dimension)], "n_results": 1, "include": ["documents"]}
            answer = client.request("POST", found.path, json_body=asked).expect()
            return _document(answer.mapping().get("documents")) or text

    return find


def recall(memory: Memory, search: MemoryCheck, seconds: float) -> Stage:
    def remember(text: str) -> str:
        with contextlib.closing(memory_request.client(memory, seconds)) as client:
            memory_request.ask(client, asking_for(search, text))
        return text

    return remember


def generation(aspects: VllmAspects) -> Stage:
    def complete(text: str) -> str:
        result = aspects.completed(f"{text}\n\n{_QUESTION}\n")
        if result.state not in _GOOD:
            raise _BrokenError(result.detail)
        return text

    return complete


def checks(scene: Scene, seconds: float, known: Container[Key]) -> Iterator[Check]:
    """Of the first Chroma and the first memory service that can be asked, with each vLLM."""
    stages: dict[str, Stage] = {}
    longest = 0.0  # completion
    for name, service in scene.cluster.services.items():
        if service.kind == "chroma" and service.query is not None:
            stages[name] = retrieval(service, service.query, seconds)
        elif service.kind == "memory" and service.search is not None:
            stages[name] = recall(service, service.search, seconds)
        elif service.kind == "vllm" and service.canary.enabled:
            aspects = VllmAspects(scene, name, service, seconds)
            stages[name], longest = generation(aspects), max(longest, aspects.patience)
    last = {name: (name, _LAST[scene.cluster.services[name].kind]) for name in stages}
    chromas, memories, vllms = (
        [name for name, key in last.items() if key in known and key[1] == aspect] for aspect in _LAST.values()
    )
    pairs = [(chroma, other) for chroma in chromas[:1] for other in (*vllms, *memories[:1])]
    whole = [(chroma, memory, vllm) for chroma in chromas[:1] for memory in memories[:1] for vllm in vllms]
    for walk in (*pairs, *whole):
        # What fails between two is not told again of the whole.
        parts = [_subject(walk[0], other) for other in walk[1:]] if walk in whole else []
        needs = (*(last[name] for name in walk), *((part, _CONTRACT) for part in parts))
        run = partial(walked, [(name, stages[name]) for name in walk])
        yield Check(_subject(*walk), _CONTRACT, run, needs, frozenset(walk), SPARE + _REQUESTS * seconds + longest)


def _subject(*walk: str) -> str:
    return " → ".join(walk)


def walked(stages: list[tuple[str, Stage]]) -> Result:
    text = _QUESTION
    times: list[str] = []
    for name, stage in stages:
        begin = time.monotonic()
        try:
            text = stage(text)
        except (Failure, _BrokenError) as error:
            before = f" after {' and '.join(times)}" if times else ""
            return failed(
                f"{name} fails{before}: {error}",
                f"it is well alone: see the log of {name} for what it makes of this question, and run it again",
            )
        times.append(f"{name} {1000 * (time.monotonic() - begin):.0f} ms")
    return well(", ".join(times))


def asking_for(search: MemoryCheck, text: str) -> MemoryCheck:
    """The configured search for our text, where it has exactly one text that can stand for the question."""
    body = search.json_body or {}
    texts = [key for key, value in body.items() if isinstance(value, str)]
    if len(texts) != 1:
        return search
    return search.model_copy(update={"json_body": {**body, texts[0]: text}})


def _document(found: object) -> str:
    """The first of the first answer; empty where the collection keeps no texts."""
    for _ in range(2):
        found = found[0] if isinstance(found, list) and found else None
    return found[:_MOST] if isinstance(found, str) else ""
