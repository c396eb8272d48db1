"""Each stage of the path, failing in each way: the stage and the reason are named, and nothing else is blamed."""

import json
from pathlib import Path
from typing import Any

import pytest

from exporters.rag_probe import RagProbe
from exporters.secret import SecretError
from tests.fakes.completion_stream import DONE, stream
from tests.fakes.http_replay import Behaviour, Replay, hang, refusing_url, reply, reply_json
from tests.fakes.rag_path import SEARCH, Found, cluster_of, walk, walker

STAGES = ("gateway", "embeddings", "retrieval", "search_memory", "chat", "answer")
COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
ID = "00000000-0000-4000-8000-000000000001"
LOOK_UP, QUERY = ("GET", f"{COLLECTIONS}/papers"), ("POST", f"{COLLECTIONS}/{ID}/query")
EMBEDDINGS, CHAT = ("POST", "/v1/embeddings"), ("POST", "/v1/chat/completions")
ASKED = {
    "gateway": ("GET", "/gateway"),
    "embeddings": EMBEDDINGS,
    "retrieval": QUERY,
    "search_memory": ("POST", "/search"),
    "chat": CHAT,
    "answer": ("POST", "/answer"),
}
GARBAGE = b"<html>502 Bad Gateway</html>"
RECORD = {"id": ID, "dimension": 3}


def spoken(*deltas: dict[str, Any], finish: str | None = "length", **more: Any) -> list[bytes]:
    events = [{"model": "m", "choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
    if finish is not None:
        events.append({"model": "m", "choices": [{"delta": {}, "finish_reason": finish}], **more})
    return [f"data: {json.dumps(event)}\n\n".encode() for event in events]


ROLE, WORD = {"role": "assistant", "content": ""}, {"content": "Here"}
WELL: dict[tuple[str, str], Behaviour] = {
    ("GET", "/gateway"): reply_json({"status": "ok"}),
    EMBEDDINGS: reply_json({"data": [{"embedding": [1, 0.5, -2.0]}]}),
    LOOK_UP: reply_json(RECORD),
    QUERY: reply_json({"ids": [["1", "2"]], "documents": [["On the second disk.", None]]}),
    ("POST", "/search"): reply_json({"success": True}),
    CHAT: stream(*spoken(ROLE, WORD), DONE),
    ("POST", "/answer"): reply_json({"answer": "Here."}),
}


@pytest.fixture
def well(replay: Replay) -> Replay:
    replay.routes.update(WELL)
    return replay


def path(url: str, elsewhere: dict[str, str] | None = None, secret: Path | None = None, **more: Any) -> RagProbe:
    """All stages ask `url`, but for those that are told another one."""
    at = {stage: (elsewhere or {}).get(stage, url) for stage in STAGES}
    lives = {"nodes": ["sark"]}
    key = {"api_key_file": str(secret)} if secret else {}
    services = {
        "gate": {"kind": "http", **lives, "url": f"{at['gateway']}/gateway", "expect": {"json": {"status": "ok"}}},
        "embedder": {"kind": "vllm", **lives, "url": at["embeddings"], "model": "bge"},
        "chroma": {"kind": "chroma", **lives, "url": at["retrieval"], "query": {"collection": "papers"}},
        "memory": {"kind": "memory", **lives, "url": at["search_memory"], "search": SEARCH},
        "vllm": {"kind": "vllm", **lives, "url": at["chat"], "model": "m", **key},
    }
    stages = [
        {"operation": "http", "name": "gateway", "service": "gate"},
        {"operation": "embeddings", "service": "embedder"},
        {"operation": "retrieval", "service": "chroma"},
        {"operation": "search_memory", "service": "memory"},
        {"operation": "chat", "service": "vllm"},
        {
            "operation": "http", "name": "answer", "url": f"{at['answer']}/answer", "json": {"question": "?"},
            "expect": {"body_match": "Here"},
        },
    ]  # fmt: skip
    return walker(cluster_of(services, stages=stages, **more))


def assert_broken(found: Found, stage: str, reason: str) -> None:
    index = STAGES.index(stage)
    assert not found.is_up
    assert found.named("failing") == stage
    assert found.failures() == {(stage, reason): 1, ("path", reason): 1}
    assert found.runs("good") == dict.fromkeys(STAGES[:index], 1)
    assert found.runs("failed") == {stage: 1}
    assert found.runs("skipped") == dict.fromkeys(STAGES[index + 1 :], 1)


def test_a_path_of_every_kind_of_stage_is_whole(well: Replay) -> None:
    found = walk(path(well.url))
    assert found.is_up
    assert found.failures() == {}
    assert found.runs("good") == dict.fromkeys(STAGES, 1)


WAYS: dict[str, tuple[Behaviour, str]] = {
    "401": (reply(401), "auth"),
    "403": (reply(403), "auth"),
    "404": (reply(404), "http_4xx"),
    "500": (reply(500), "http_5xx"),
    "503": (reply(503), "http_5xx"),
    "a redirect": (reply(302, Location="/elsewhere"), "redirect"),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("way", WAYS)
def test_a_stage_that_answers_so_breaks_the_path_there_and_its_end_mends_it(well: Replay, stage: str, way: str) -> None:
    behaviour, reason = WAYS[way]
    probe = path(well.url)
    well.routes[ASKED[stage]] = behaviour
    assert_broken(walk(probe), stage, reason)
    well.routes.update(WELL)
    found = walk(probe)
    assert found.is_up
    assert found.named("failing") == ""


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_without_anybody_there_breaks_the_path_there(well: Replay, stage: str) -> None:
    with refusing_url() as nobody:
        assert_broken(walk(path(well.url, {stage: nobody})), stage, "connect")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_hangs_breaks_the_path_there_when_its_time_is_over(well: Replay, stage: str) -> None:
    well.routes[ASKED[stage]] = hang
    assert_broken(walk(path(well.url, timeout="3s")), stage, "timeout")


GARBLED = {
    "gateway": "invalid", "embeddings": "invalid", "retrieval": "invalid", "search_memory": "invalid",
    "chat": "stream_broken", "answer": "mismatch",
}  # fmt: skip


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_says_something_else_breaks_the_path_there(well: Replay, stage: str) -> None:
    well.routes[ASKED[stage]] = reply(body=GARBAGE)
    assert_broken(walk(path(well.url)), stage, GARBLED[stage])


BROKEN: dict[str, tuple[str, tuple[str, str], Behaviour, str]] = {
    "nothing is found": ("retrieval", QUERY, reply_json({"ids": [[]], "documents": [[]]}), "empty"),
    "no ids": ("retrieval", QUERY, reply_json({"documents": [["x"]]}), "invalid"),
    "the ids of two questions": ("retrieval", QUERY, reply_json({"ids": [["1"], ["2"]]}), "invalid"),
    "the collection is gone": ("retrieval", LOOK_UP, reply(404), "invalid"),
    "the collection has no vectors": ("retrieval", LOOK_UP, reply_json({"id": ID, "dimension": None}), "invalid"),
    "an id that is a path": ("retrieval", LOOK_UP, reply_json({"id": "../x", "dimension": 3}), "invalid"),
    "another dimension": ("retrieval", LOOK_UP, reply_json({**RECORD, "dimension": 4}), "dimension_mismatch"),
    "another model embeds": (
        "retrieval", EMBEDDINGS, reply_json({"data": [{"embedding": [0.5]}]}), "dimension_mismatch"
    ),
    "a vector of nothing": ("embeddings", EMBEDDINGS, reply_json({"data": [{"embedding": []}]}), "empty"),
    "a vector of words": ("embeddings", EMBEDDINGS, reply_json({"data": [{"embedding": ["a"]}]}), "invalid"),
    "a vector of truths": ("embeddings", EMBEDDINGS, reply_json({"data": [{"embedding": [True]}]}), "invalid"),
    "a vector without end": ("embeddings", EMBEDDINGS, reply(body=b'{"data":[{"embedding":[1e999]}]}'), "invalid"),
    "no vector": ("embeddings", EMBEDDINGS, reply_json({"data": []}), "invalid"),
    "the search did not succeed": ("search_memory", ASKED["search_memory"], reply_json({"success": False}), "mismatch"),
    "the gateway is not well": ("gateway", ASKED["gateway"], reply_json({"status": "down"}), "mismatch"),
    "an error inside the stream": (
        "chat", CHAT, stream(*spoken(ROLE, WORD, finish=None), b'data: {"error": {"code": 500}}\n\n', DONE),
        "stream_error",
    ),
    "a stream cut off": ("chat", CHAT, stream(*spoken(ROLE, WORD, finish=None), ended=False), "stream_broken"),
    "a stream that only ends": ("chat", CHAT, stream(DONE), "empty"),
    "a role and no token": ("chat", CHAT, stream(*spoken(ROLE, finish="stop"), DONE), "empty"),
    "a stream without end": ("chat", CHAT, stream(*spoken(*[WORD] * 40), DONE), "too_large"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_what_one_stage_hands_to_the_next_does_not_fit(well: Replay, what: str) -> None:
    stage, asked, behaviour, reason = BROKEN[what]
    well.routes[asked] = behaviour
    assert_broken(walk(path(well.url)), stage, reason)


def test_another_model_that_answers_breaks_the_path_at_the_chat(well: Replay) -> None:
    events = [event.replace(b'"m"', b'"another"') for event in spoken(ROLE, WORD)]
    well.routes[CHAT] = stream(*events, DONE)
    well.get("/v1/models", reply_json({"data": [{"id": "m"}, {"id": "another"}]}))
    assert_broken(walk(path(well.url)), "chat", "wrong_model")


@pytest.mark.parametrize(
    "deltas",
    [
        pytest.param([WORD], id="no role before it"),
        pytest.param([ROLE, {"content": None, "reasoning_content": "Hm"}], id="a model that thinks aloud"),
        pytest.param([{**ROLE, "content": "Here"}], id="a role with a word"),
    ],
)
def test_a_chat_of_any_server_is_an_answer_with_the_tokens_that_it_shows(
    well: Replay, deltas: list[dict[str, Any]]
) -> None:
    well.routes[CHAT] = stream(*spoken(*deltas), DONE)
    found = walk(path(well.url))
    assert found.is_up
    assert found.counted['ragpulse_rag_generated_tokens_total{service="rag"}'] == 1


def test_a_model_whose_tokens_are_none_to_show_has_answered_all_the_same(well: Replay) -> None:
    well.routes[CHAT] = stream(*spoken(ROLE, finish="length", usage={"completion_tokens": 8}), DONE)
    found = walk(path(well.url))
    assert found.is_up
    assert found.counted['ragpulse_rag_generated_tokens_total{service="rag"}'] == 8


def test_each_stage_is_asked_with_what_those_before_it_have_found(well: Replay, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("token-of-a-throw-away-server")
    walk(path(well.url, secret=tmp_path / "key", documents=5, max_tokens=4))
    asked = {(one.method, one.path): one for one in well.asked}
    bodies = {at: json.loads(asked[at].body) for at in (EMBEDDINGS, QUERY, CHAT, ASKED["answer"])}
    assert bodies[EMBEDDINGS] == {"model": "bge", "input": "Where are the backups?", "encoding_format": "float"}
    assert bodies[QUERY] == {"query_embeddings": [[1, 0.5, -2.0]], "n_results": 5, "include": ["documents"]}
    assert bodies[CHAT]["max_tokens"] == 4
    assert "- On the second disk.\n" in bodies[CHAT]["messages"][0]["content"]
    assert bodies[CHAT]["messages"][0]["content"].endswith("Where are the backups?")
    assert bodies[ASKED["answer"]] == {"question": "?"}
    assert asked[CHAT].headers["Authorization"] == "Bearer token-of-a-throw-away-server"
    assert all("Authorization" not in one.headers for at, one in asked.items() if at != CHAT)


def test_a_collection_that_was_made_anew_is_found_again_within_the_walk(well: Replay) -> None:
    probe = path(well.url)
    walk(probe)
    other = ID.replace("1", "2")
    well.routes[LOOK_UP] = reply_json({**RECORD, "id": other})
    well.routes[QUERY] = reply(404)
    well.post(f"{COLLECTIONS}/{other}/query", WELL[QUERY])
    assert walk(probe).is_up
    assert len(well.asked_for(LOOK_UP[1])) == 2


def test_a_key_that_cannot_be_read_is_our_own_inability_and_blames_nobody(well: Replay, tmp_path: Path) -> None:
    probe = path(well.url, secret=tmp_path / "no such file")
    with pytest.raises(SecretError):
        probe.read()


@pytest.mark.parametrize(("operation", "at"), [("chat", CHAT), ("embeddings", EMBEDDINGS)])
def test_a_gateway_in_front_needs_another_url_and_nothing_else(
    well: Replay, tmp_path: Path, operation: str, at: tuple[str, str]
) -> None:
    key = tmp_path / "key"
    key.write_text("token-of-a-throw-away-server")
    well.get("/v1/models", reply_json({"data": [{"id": "m"}]}))
    auth = {"header": "X-API-Key", "prefix": "", "value_file": str(key)}
    found = walk(walker(cluster_of({}, stages=[{"operation": operation, "url": well.url, "auth": auth}])))
    assert found.is_up
    assert {one.headers["X-API-Key"] for one in well.asked} == {"token-of-a-throw-away-server"}
    assert json.loads(well.asked_for(at[1])[0].body)["model"] == "m"


def test_a_model_that_is_refused_is_looked_up_anew(well: Replay) -> None:
    well.get("/v1/models", reply_json({"data": [{"id": "m"}]}))
    probe = walker(cluster_of({}, stages=[{"operation": "chat", "url": well.url}]))
    walk(probe)
    well.get("/v1/models", reply_json({"data": [{"id": "next"}]}))
    well.routes[CHAT] = reply(404)
    assert not walk(probe).is_up
    well.routes[CHAT] = stream(*[event.replace(b'"m"', b'"next"') for event in spoken(ROLE, WORD)], DONE)
    assert walk(probe).is_up
