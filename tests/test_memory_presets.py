"""Presets: each against an answer of its own service, and against what the operator writes beside it."""

import json
import time
from pathlib import Path
from typing import Any, get_args

import pytest

from exporters.memory_probe import memory_probe
from exporters.memory_roundtrip import MemoryRoundTripSource
from exporters.memory_source import MemorySource
from ragpulse.memory_document import with_presets
from ragpulse.memory_presets import PRESETS, Preset
from ragpulse.services import Memory
from tests.fakes.http_replay import Behaviour, Conversation, Replay, reply, reply_json
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import plan

CAPTURES = Path(__file__).parent / "captures" / "memory"
MCP = "mcp-memory-service"
SAID = json.loads((CAPTURES / "from-source.json").read_text())["services"]
HASH = "7e9dbf7c1abca2b1e6f3e9fed38b6c55264f07e30bf84504d4f2304515cf2abe"
KEY = "test-key"


def memory(preset: str, url: str = "http://127.0.0.1:3000", **written: Any) -> Memory:
    """As the file would be read, where lists are lists."""
    return Memory.model_validate({"kind": "memory", "nodes": ["sark"], "url": url, "preset": preset, **written})


def judged(service: Memory) -> tuple[tuple[float, float], dict[tuple[str, str], float]]:
    """((up, ready), failures)"""
    probe = memory_probe(plan("memory"), service)
    found = by_series(probe.read())
    states = (found['ragpulse_service_up{service="memory"}'], found['ragpulse_service_ready{service="memory"}'])
    return states, failures(probe.counters())


def recorded(name: str) -> dict[str, Any]:
    recording: dict[str, Any] = json.loads((CAPTURES / "mcp-memory-service-12.2.0" / f"{name}.json").read_text())
    return recording


def recorded_answer(name: str, answer: str = "valid_key") -> Behaviour:
    found = recorded(name)["answers"][answer]
    return reply_json(found["body"], found["status"])


def guarded(name: str) -> Behaviour:
    """With the key as it was answered with the key, without as without."""
    good, refused = recorded_answer(name), recorded_answer(name, "no_key")
    return lambda talk: (good if talk.handler.headers.get("X-API-Key") == KEY else refused)(talk)


@pytest.fixture
def key(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "key").write_text(KEY)
    return {"value_file": str(tmp_path / "key")}


@pytest.fixture
def mcp(replay: Replay) -> Replay:
    replay.get("/api/health", guarded("health"))
    replay.get("/api/health/detailed", guarded("health_detailed"))
    return replay


class TestMcpMemoryService:
    def test_with_its_key_it_is_up_and_ready(self, mcp: Replay, key: dict[str, str]) -> None:
        assert judged(memory(MCP, mcp.url, auth=key)) == ((1, 1), {})
        assert [request.headers.get("X-API-Key") for request in mcp.asked] == [None, KEY]

    def test_without_its_key_it_is_up_and_our_credentials_are_wrong(self, mcp: Replay) -> None:
        assert judged(memory(MCP, mcp.url)) == ((1, 0), {("ready", "auth"): 1})

    def test_its_numbers_are_found(self, mcp: Replay, key: dict[str, str]) -> None:
        found = by_series(MemorySource(plan("memory"), memory(MCP, mcp.url, auth=key)).read())
        body = recorded("health_detailed")["answers"]["valid_key"]["body"]
        assert found == {
            'ragpulse_memory_reading{service="memory",name="entries"}': 0,
            'ragpulse_memory_reading{service="memory",name="missing_embeddings"}': 0,
            'ragpulse_memory_reading{service="memory",name="uptime_seconds"}': body["uptime_seconds"],
        }

    def test_a_round_trip_reads_the_recorded_answers(self, mcp: Replay, key: dict[str, str]) -> None:
        """In which the text that was recorded is that of this trip."""
        mcp.post("/api/memories", in_the_words_of_this_trip(mcp, "memories_create"))
        mcp.get(f"/api/memories/{HASH}", in_the_words_of_this_trip(mcp, "memories_get"))
        mcp.routes["DELETE", f"/api/memories/{HASH}"] = recorded_answer("memories_delete")
        mcp.post("/api/search/by-tag", recorded_answer("search_by_tag"))
        source = MemoryRoundTripSource(plan("memory"), memory(MCP, mcp.url, auth=key, roundtrip={"enabled": True}))
        assert by_series(source.read()) == {'ragpulse_memory_leftovers{service="memory"}': 0}
        assert failures(source.counters()) == {}
        assert requests(source.counters()) == {"write": 1, "read_back": 1, "delete": 1}
        # The memory that was recorded under our tag has another text, so it is let alone.
        assert [request.method for request in mcp.asked] == ["POST", "POST", "GET", "DELETE"]

    @pytest.mark.parametrize(
        ("asked", "said", "failed"),
        [
            pytest.param("create", "create_duplicate", {("write", "mismatch"): 1}, id="a duplicate, which is 200"),
            pytest.param("get", "get_deleted", {("read_back", "lost"): 1}, id="deleted by somebody"),
            pytest.param("delete", "get_deleted", {}, id="deleted twice, which is fine"),
        ],
    )
    def test_what_it_says_of_a_memory_that_is_not_as_it_should_be(
        self, mcp: Replay, key: dict[str, str], asked: str, said: str, failed: dict[tuple[str, str], float]
    ) -> None:
        answers = {"create": "create", "get": "get", "delete": "delete"} | {asked: said}
        for method, path, name in (
            ("POST", "/api/memories", answers["create"]),
            ("GET", f"/api/memories/{HASH}", answers["get"]),
            ("DELETE", f"/api/memories/{HASH}", answers["delete"]),
        ):
            mcp.routes[method, path] = in_the_words_of_this_trip(mcp, f"memories_{name}")
        service = memory(MCP, mcp.url, auth=key, roundtrip={"enabled": True, "readable_within": "10ms"})
        source = MemoryRoundTripSource(plan("memory"), service)
        list(source.read())
        assert failures(source.counters()) == failed


def in_the_words_of_this_trip(replay: Replay, name: str) -> Behaviour:
    found = recorded(name)["answers"]["valid_key"]

    def behave(talk: Conversation) -> None:
        text = json.loads(replay.asked_for("/api/memories")[-1].body)["content"]
        body = json.dumps(found["body"]).replace("monitoring-probe 1795355000", text)
        reply_json(json.loads(body), found["status"])(talk)

    return behave


def test_cognee_without_its_language_model_is_up_and_not_ready(replay: Replay) -> None:
    answers = json.loads((CAPTURES / "cognee-1.6.5" / "answers_llm_unreachable.json").read_text())["answers"]
    for path in ("/", "/health"):
        replay.get(path, reply_json(answers[f"GET {path}"]["body"], answers[f"GET {path}"]["status"]))
    assert judged(memory("cognee", replay.url)) == ((1, 0), {("ready", "http_5xx"): 1})


def test_letta_is_asked_with_the_slash_at_the_end_and_drains_as_not_ready(replay: Replay) -> None:
    letta = SAID["letta"]
    replay.get(letta["health"]["path"], reply_json(letta["health"]["body"]))
    replay.get(letta["readiness"]["path"], reply_json({"status": letta["readiness"]["states"][0]}))
    assert judged(memory("letta", replay.url)) == ((1, 1), {})
    replay.get(letta["readiness"]["path"], reply_json({"status": "draining"}, letta["readiness"]["unready_status"]))
    assert judged(memory("letta", replay.url)) == ((1, 0), {("ready", "http_5xx"): 1})


def test_graphiti_is_well_by_its_word(replay: Replay) -> None:
    health = SAID["graphiti-server (Zep)"]["health"]
    replay.get(health["path"], reply_json(health["body"]))
    assert judged(memory("graphiti", replay.url)) == ((1, 1), {})


def test_mem0_is_asked_for_the_page_that_its_root_redirects_to(replay: Replay) -> None:
    replay.get("/", reply(307, Location="/docs"))
    replay.get("/docs", reply(200, b"<html>"))
    assert judged(memory("mem0", replay.url)) == ((1, 1), {})
    assert judged(memory("mem0", replay.url, health={"path": "/"})) == ((1, 0), {("health", "redirect"): 1})


@pytest.mark.parametrize(
    ("now", "ready", "reason"),
    [
        pytest.param(lambda: time.time() * 1000, 1, None, id="now"),
        pytest.param(lambda: int(time.time() - 30) * 1000, 1, None, id="half a minute ago"),
        pytest.param(lambda: SAID["redis-agent-memory-server"]["health"]["body"]["now"], 0, "stale", id="as recorded"),
        pytest.param(lambda: (time.time() + 3600) * 1000, 0, "stale", id="in an hour"),
        pytest.param(time.time, 0, "stale", id="seconds, which as milliseconds were long ago"),
        pytest.param(lambda: float("nan"), 0, "stale", id="NaN"),
        pytest.param(lambda: 10**400, 0, "mismatch", id="more than a float can hold"),
        pytest.param(lambda: "today", 0, "mismatch", id="a word"),
        pytest.param(lambda: True, 0, "mismatch", id="true"),
        pytest.param(lambda: None, 0, "mismatch", id="null"),
    ],
)
def test_redis_is_as_good_as_the_time_that_it_tells(replay: Replay, now: Any, ready: int, reason: str | None) -> None:
    replay.get("/v1/health", reply_json({"now": now()}))
    expected = {("health", reason): 1} if reason else {}
    assert judged(memory("redis-agent-memory", replay.url)) == ((1, ready), expected)


class TestWhatIsWrittenWins:
    def test_key_by_key(self) -> None:
        ready = memory(MCP, ready={"path": "/other"}).ready
        assert ready is not None
        assert (ready.path, ready.json_field, ready.ok_values) == ("/other", "storage.accessible", (True,))

    def test_null_takes_a_request_away(self) -> None:
        assert memory(MCP, ready=None).ready is None
        assert memory("redis-agent-memory", health={"fresh": None}).health.fresh is None

    def test_json_is_not_mixed_with_the_presets(self) -> None:
        write = memory(MCP, roundtrip={"write": {"json": {"text": "{nonce}"}}}).roundtrip.write
        assert write is not None
        assert write.json_body == {"text": "{nonce}"}
        assert write.id_field == "content_hash"

    def test_gauges_stand_beside_the_presets(self) -> None:
        found = memory(MCP, gauges={"entries": "mine", "more": "a.b"}).gauges
        assert found["entries"] == "mine"
        assert {"more", "uptime_seconds"} < found.keys()

    def test_a_secret_is_never_a_default(self) -> None:
        assert memory(MCP).auth is None
        auth = memory(MCP, auth={"value_file": "/run/secrets/memory", "prefix": "Key"}).auth
        assert auth is not None
        assert (auth.header, auth.prefix) == ("X-API-Key", "Key")

    def test_a_preset_is_the_same_afterwards(self) -> None:
        before = json.dumps(PRESETS[MCP])
        memory(MCP, ready={"path": "/other"}, gauges={"more": "a"}, roundtrip={"write": {"json": {"a": "{nonce}"}}})
        assert json.dumps(PRESETS[MCP]) == before


def test_every_preset_can_be_named_and_is_valid_and_off() -> None:
    assert get_args(Preset) == tuple(PRESETS)
    assert not [preset for preset in PRESETS if memory(preset).roundtrip.enabled]


def test_the_document_shows_every_preset_as_it_is() -> None:
    shown = with_presets("<!-- presets -->\nold\n<!-- end of presets -->\n")
    document = (Path(__file__).parents[1] / "docs" / "memory.md").read_text()
    assert shown in document
    assert "old" not in shown
    assert [preset for preset in PRESETS if f"preset: {preset}" not in shown] == []
