"""The memory probe on recorded answers of several memory services, and on answers that are not what they seem."""

import json
from pathlib import Path
from typing import Any

import pytest

from exporters.memory_probe import memory_probe
from exporters.probe import ServiceProbe
from exporters.secret import SecretError
from ragpulse.services import HeaderAuth, Memory, MemoryCheck
from tests.fakes.http_replay import Behaviour, Replay, drip, flood, hang, refusing_url, reply, reply_json, speak
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import PATIENT, QUICK, plan

CAPTURES = Path(__file__).parent / "captures" / "memory"
MCP: dict[str, Any] = {
    "health": MemoryCheck(path="/api/health", send_auth=False, json_field="status"),
    "ready": MemoryCheck(path="/api/health/detailed", json_field="storage.accessible"),
    "search": MemoryCheck.model_validate(
        {
            "path": "/api/search",
            "method": "POST",
            "json": {"query": "monitoring-probe", "n_results": 1},
            "json_field": "search_type",
            "ok_values": ("semantic",),
        }
    ),
}


def states(probe: ServiceProbe) -> tuple[float, float]:
    """(up, ready) of one run."""
    found = by_series(probe.read())
    return found['ragpulse_service_up{service="memory"}'], found['ragpulse_service_ready{service="memory"}']


def probe_of(url: str, request_timeout: float = PATIENT, **more: Any) -> ServiceProbe:
    service = Memory(kind="memory", nodes=("sark",), url=url, **more)
    return memory_probe(plan("memory", request_timeout=request_timeout, search=PATIENT), service)


class TestMcpMemoryService:
    @pytest.fixture
    def recorded(self, replay: Replay) -> Replay:
        for name in ("health", "health_detailed", "search"):
            recording = json.loads((CAPTURES / "mcp-memory-service-12.2.0" / f"{name}.json").read_text())
            answers = recording["answers"]
            good, refused = (
                reply_json(answers[key]["body"], answers[key]["status"]) for key in ("valid_key", "no_key")
            )
            replay.routes[recording["request"]["method"], recording["request"]["path"]] = guarded(good, refused)
        return replay

    def test_with_its_key_all_checks_are_good_and_the_search_is_judged(self, recorded: Replay, tmp_path: Path) -> None:
        probe = probe_of(recorded.url, auth=key_file(tmp_path, "test-key"), **MCP)
        assert states(probe) == (1, 1)
        assert not failures(probe.counters())
        counters = by_series(probe.counters())
        assert counters['ragpulse_probe_within_target_total{service="memory",check="search"}'] == 1
        (search,) = recorded.asked_for("/api/search")
        assert json.loads(search.body) == {"query": "monitoring-probe", "n_results": 1}

    def test_with_a_wrong_key_it_is_up_and_not_ready(self, recorded: Replay, tmp_path: Path) -> None:
        probe = probe_of(recorded.url, auth=key_file(tmp_path, "wrong-key"), **MCP)
        assert states(probe) == (1, 0)
        assert failures(probe.counters()) == {("ready", "auth"): 1, ("search", "auth"): 1}

    def test_the_key_is_sent_only_where_it_is_asked_for(self, recorded: Replay, tmp_path: Path) -> None:
        states(probe_of(recorded.url, auth=key_file(tmp_path, "test-key"), **MCP))
        assert [request.headers.get("X-API-Key") for request in recorded.asked] == [None, "test-key", "test-key"]

    def test_an_unreadable_key_is_our_own_inability(self, recorded: Replay, tmp_path: Path) -> None:
        auth = HeaderAuth(header="X-API-Key", prefix="", value_file=str(tmp_path / "none"))
        with pytest.raises(SecretError):
            probe_of(recorded.url, auth=auth, **MCP).read()


def test_a_redirect_can_be_the_good_answer(replay: Replay) -> None:
    replay.get("/", reply(307, Location="/docs"))
    assert states(probe_of(replay.url, health=MemoryCheck(path="/", ok_status=(307,)))) == (1, 1)
    assert len(replay.asked) == 1


def test_without_a_readiness_request_health_stands_for_it(replay: Replay) -> None:
    replay.get("/health", reply_json({"status": "healthy"}))
    probe = probe_of(replay.url)
    assert states(probe) == (1, 1)
    assert requests(probe.counters()) == {"health": 1}


@pytest.mark.parametrize(
    ("body", "ready"),
    [
        pytest.param({"status": "healthy"}, 1, id="a word of the list"),
        pytest.param({"status": "UP"}, 1, id="the same word in capitals"),
        pytest.param({"status": True}, 1, id="true"),
        pytest.param({"status": 1}, 0, id="1, which is not true"),
        pytest.param({"status": "degraded"}, 0, id="another word"),
        pytest.param({"status": None}, 0, id="null"),
        pytest.param({"status": ["healthy"]}, 0, id="a list"),
        pytest.param({}, 0, id="nothing there"),
        pytest.param("healthy", 0, id="no object at all"),
    ],
)
def test_a_200_is_as_good_as_its_body(replay: Replay, body: Any, ready: int) -> None:
    replay.get("/health", reply_json(body))
    probe = probe_of(replay.url, health=MemoryCheck(path="/health", json_field="status"))
    assert states(probe) == (1, ready)
    assert failures(probe.counters()) == ({} if ready else {("health", "mismatch"): 1})


@pytest.mark.parametrize(
    ("behaviour", "state", "reason"),
    [
        pytest.param(hang, (0, 0), "timeout", id="one that hangs"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n"), (0, 0), "timeout", id="a slow drip"),
        pytest.param(speak(b""), (0, 0), "connect", id="one that hangs up"),
        pytest.param(speak(b"hello\r\n\r\n"), (0, 0), "invalid", id="one that does not speak HTTP"),
        pytest.param(reply(503), (1, 0), "http_5xx", id="one that answers 503"),
        pytest.param(reply(301, Location="/"), (1, 0), "redirect", id="a redirect"),
        pytest.param(reply(200, b"<html>"), (1, 0), "invalid", id="a page instead of JSON"),
        pytest.param(flood(100 * 1024 * 1024), (1, 0), "too_large", id="a body of 100 MB"),
    ],
)
def test_every_way_to_be_unwell_has_its_reason(
    replay: Replay, behaviour: Behaviour, state: tuple[int, int], reason: str
) -> None:
    replay.get("/api/health", behaviour)
    replay.get("/api/health/detailed", behaviour)
    replay.post("/api/search", behaviour)
    probe = probe_of(replay.url, QUICK if reason == "timeout" else PATIENT, **MCP)
    assert states(probe) == state
    assert failures(probe.counters()) == {(check, reason): 1 for check in MCP}


def test_a_port_on_which_nobody_listens_is_a_failed_connection() -> None:
    with refusing_url() as url:
        probe = probe_of(url)
        assert states(probe) == (0, 0)
    assert failures(probe.counters()) == {("health", "connect"): 1}


def key_file(folder: Path, key: str) -> HeaderAuth:
    (folder / "key").write_text(key)
    return HeaderAuth(header="X-API-Key", prefix="", value_file=str(folder / "key"))


def guarded(good: Behaviour, refused: Behaviour) -> Behaviour:
    """As the recorded service: without the key it answers as it answered without the key."""
    return lambda talk: (good if talk.handler.headers.get("X-API-Key") == "test-key" else refused)(talk)
