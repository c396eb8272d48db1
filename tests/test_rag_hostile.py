"""Whatever a hostile server does where one stage asks ends as the reason of that stage, contained and in time.

The stages that read an answer in a way of their own, each alone: in the watch of all of them the first is in the way.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from exporters.rag_probe import RagProbe
from tests.fakes.hostile_answers import CHAT, EMBEDDINGS, LOOKED_UP, QUERY, VALUES, replaced, routes
from tests.fakes.hostile_server import hostile, routed
from tests.fakes.hostile_wire import FAST, MISLEADING, answer
from tests.fakes.rag_path import Found, cluster_of, walk, walker
from tests.test_hostile_wire import REASONS

NOT_FOUND = answer(b"", status=b"404 Not Found")
# A stream breaks off, or is no stream, before its size or its time is over.
_OF_A_STREAM = {"stream_broken", "empty", "invalid", "too_large"}
EVENT: dict[str, Any] = {
    "model": "llama",
    "choices": [{"delta": {"role": "assistant", "content": "e"}, "finish_reason": "length"}],
    "usage": {"completion_tokens": 1},
}
NO_TEXT = {"null", "zero", "a list of lists"}


def path(operation: str, url: str) -> RagProbe:
    lives = {"nodes": ["sark"], "url": url}
    chroma = {"kind": "chroma", **lives, "query": {"collection": "documents"}}
    stage = {
        "operation": operation,
        **({"service": "chroma"} if operation == "retrieval" else {"url": url, "model": "llama"}),
    }
    return walker(cluster_of({"chroma": chroma}, stages=[stage]))


def looked(operation: str, answers: Mapping[str, bytes]) -> Found:
    with hostile(routed(answers, NOT_FOUND)) as url:
        return walk(path(operation, url))


def reason(found: Found) -> str:
    """Of the only stage; empty when it was good."""
    failed = found.failures()
    assert len(failed) == (0 if found.is_up else 2), "the stage, and the path"
    assert len({why for _, why in failed}) == len(failed) / 2
    return next((why for _, why in failed), "")


@pytest.mark.parametrize("name", FAST)
def test_the_wire_of_a_chat(name: str) -> None:
    with hostile(FAST[name]) as url:
        assert reason(walk(path("chat", url))) in {REASONS[name], *_OF_A_STREAM}


@pytest.mark.parametrize("operation", ["embeddings", "retrieval"])
@pytest.mark.parametrize("name", MISLEADING)
def test_a_good_status_over_something_else_is_no_answer(name: str, operation: str) -> None:
    with hostile(MISLEADING[name]) as url:
        assert reason(walk(path(operation, url))) == "invalid"


FIELDS: dict[tuple[str, tuple[str | int, ...]], str] = {
    (LOOKED_UP, ()): "retrieval",
    (LOOKED_UP, ("id",)): "retrieval",
    (LOOKED_UP, ("dimension",)): "retrieval",
    (QUERY, ()): "retrieval",
    (QUERY, ("ids",)): "retrieval",
    (QUERY, ("documents",)): "retrieval",
    (QUERY, ("documents", 0)): "retrieval",
    (EMBEDDINGS, ()): "embeddings",
    (EMBEDDINGS, ("data",)): "embeddings",
    (EMBEDDINGS, ("data", 0)): "embeddings",
    (EMBEDDINGS, ("data", 0, "embedding")): "embeddings",
    (EMBEDDINGS, ("data", 0, "embedding", 0)): "embeddings",
}


@pytest.mark.parametrize(("at", "field"), FIELDS)
def test_every_value_of_every_field_is_good_or_has_a_reason(at: str, field: tuple[str | int, ...]) -> None:
    for name, value in VALUES.items():
        why = reason(looked(FIELDS[at, field], routes(at, field, value)))
        assert why in {"", "invalid", "empty"}, (name, why)
        if field == ("documents", 0) and name in NO_TEXT:
            assert why == "", "what is no text is left out"


@pytest.mark.parametrize("field", [("choices", 0, "delta"), ("choices", 0, "delta", "content"), ("choices",)], ids=str)
def test_every_value_of_every_field_of_a_chat_is_contained(field: tuple[str | int, ...]) -> None:
    for value in VALUES.values():
        event = b"data: " + replaced(EVENT, field, value) + b"\n\ndata: [DONE]\n\n"
        found = looked("chat", {CHAT: answer(event)})
        assert reason(found) in {"", "invalid", "empty", "stream_broken", "too_large"}
        assert found.counted['ragpulse_rag_generated_tokens_total{service="rag"}'] <= 12


def test_what_is_well_is_found_well() -> None:
    for operation in ("embeddings", "retrieval", "chat"):
        assert reason(looked(operation, routes())) == ""
