"""Gauges of a memory service by dotted path, from a recorded status page and from pages without them."""

import json
from pathlib import Path

import pytest

from exporters.json_field import at, number_at
from exporters.memory_source import MemorySource
from exporters.source import SourceError
from ragpulse.services import Memory, MemoryCheck
from tests.fakes.http_replay import Replay, hang, refusing_url, reply, reply_json
from tests.fakes.readings import by_series
from tests.fakes.watched import PATIENT, QUICK, plan

RECORDED = Path(__file__).parent / "captures" / "memory" / "mcp-memory-service-12.2.0" / "health_detailed.json"
GAUGES = {
    "entries": "storage.total_memories",
    "uptime_seconds": "uptime_seconds",
    "dimension": "storage.embedding_dimension",
    "backend": "storage.backend",
    "accessible": "storage.accessible",
    "missing": "storage.nothing.here",
}
DETAILED = MemoryCheck(path="/api/health/detailed", json_field="storage.accessible")


def read(url: str, request_timeout: float = PATIENT, ready: MemoryCheck | None = DETAILED) -> dict[str, float]:
    service = Memory(kind="memory", nodes=("clu",), url=url, ready=ready, gauges=GAUGES)
    return by_series(MemorySource(plan("memory", request_timeout=request_timeout), service).read())


def gauge(name: str) -> str:
    return f'ragpulse_memory_reading{{service="memory",name="{name}"}}'


def test_numbers_of_the_status_page_are_said_and_words_are_not(replay: Replay) -> None:
    body = json.loads(RECORDED.read_text())["answers"]["valid_key"]["body"]
    replay.get("/api/health/detailed", reply_json(body))
    assert read(replay.url) == {
        gauge("entries"): 0.0,
        gauge("uptime_seconds"): body["uptime_seconds"],
        gauge("dimension"): 384.0,
    }


def test_without_a_readiness_request_the_health_answer_is_read(replay: Replay) -> None:
    replay.get("/health", reply_json({"uptime_seconds": 7}))
    assert read(replay.url, ready=None) == {gauge("uptime_seconds"): 7.0}


def test_a_service_that_is_not_well_has_no_gauges_and_is_no_error_of_ours(replay: Replay) -> None:
    with refusing_url() as url:
        assert read(url) == {}
    for behaviour in (hang, reply(503), reply_json({"storage": {"accessible": False}, "uptime_seconds": 7})):
        replay.get("/api/health/detailed", behaviour)
        assert read(replay.url, QUICK if behaviour is hang else PATIENT) == {}


def test_a_good_answer_that_is_not_json_is_our_own_inability(replay: Replay) -> None:
    replay.get("/health", reply(200, b"fine"))
    with pytest.raises(SourceError, match="gauges need a JSON answer"):
        read(replay.url, ready=None)


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b", 2.5), ("a.c", None), ("a.d", None), ("a.e", None), ("a.f", None), ("a.b.x", None), ("none", None)],
    ids=["a number", "true", "a string", "NaN", "an endless integer", "below a number", "nothing there"],
)
def test_only_finite_numbers_are_numbers(path: str, value: float | None) -> None:
    document = json.loads('{"a": {"b": 2.5, "c": true, "d": "3", "e": NaN, "f": 1' + "0" * 400 + "}}")
    assert number_at(document, path) == value


def test_a_path_into_a_list_or_word_leads_nowhere() -> None:
    assert at([1, 2], "0") is None
    assert at("word", "length") is None
