"""The Chroma probe on real servers of both generations: what it says of a well one, and of each way to be unwell."""

import json
import math
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporters.chroma_collection import unit_vector
from exporters.chroma_probe import ChromaProbe
from exporters.probe import ServiceProbe
from exporters.secret import SecretError
from ragpulse.services import Chroma, ChromaQuery
from tests.fakes.chroma_server import OLD, ChromaServer, each_chroma
from tests.fakes.http_replay import Behaviour, Replay, drip, flood, hang, reply, reply_json, speak
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import PATIENT, QUICK, plan

CHECKS = ("heartbeat", "ready", "query")
CAPTURES = Path(__file__).parent / "captures" / "chroma"


def states(probe: ServiceProbe) -> tuple[float, float]:
    """(up, ready) of one run."""
    found = by_series(probe.read())
    assert found['ragpulse_service_node_info{service="chroma",node_name="sark"}'] == 1
    return found['ragpulse_service_up{service="chroma"}'], found['ragpulse_service_ready{service="chroma"}']


def probe_of(server: ChromaServer, collection: str | None = "documents", **how: float) -> ServiceProbe:
    return ChromaProbe(plan("chroma", **how), server.default.service(collection))


@each_chroma
class TestARealServer:
    def test_a_well_server_is_up_and_ready_and_each_check_is_timed(self, chroma: ChromaServer) -> None:
        probe = probe_of(chroma, query=PATIENT)
        assert states(probe) == (1, 1)
        counters = by_series(probe.counters())
        for check in CHECKS:
            labels = f'service="chroma",check="{check}"'
            assert counters[f"ragpulse_probe_requests_total{{{labels}}}"] == 1
            assert counters[f"ragpulse_probe_duration_seconds_count{{{labels}}}"] == 1
            assert 0 < counters[f"ragpulse_probe_duration_seconds_sum{{{labels}}}"] < PATIENT
        assert counters['ragpulse_probe_within_target_total{service="chroma",check="query"}'] == 1
        assert not failures(probe.counters())

    def test_the_first_version_of_the_api_which_1_x_has_given_up_is_not_needed(self, chroma: ChromaServer) -> None:
        with chroma.client() as client:
            assert client.get("/api/v1/collections").status_code == (200 if chroma.generation is OLD else 410)
        assert states(probe_of(chroma)) == (1, 1)

    def test_without_a_configured_collection_nothing_is_queried(self, chroma: ChromaServer) -> None:
        probe = probe_of(chroma, collection=None)
        assert states(probe) == (1, 1)
        assert requests(probe.counters()) == {"heartbeat": 1, "ready": 1}

    @pytest.mark.parametrize("collection", ["no_such_one", "empty_one"], ids=["a missing one", "one without vectors"])
    def test_a_collection_that_cannot_be_asked_is_an_invalid_query(self, chroma: ChromaServer, collection: str) -> None:
        probe = probe_of(chroma, collection=collection)
        assert states(probe) == (1, 1)
        assert failures(probe.counters()) == {("query", "invalid"): 1}

    @pytest.mark.parametrize("written", ["wrong-token", None], ids=["a wrong token", "no token"])
    def test_what_a_wrong_token_does_depends_on_whether_tokens_are_heeded(
        self, chroma: ChromaServer, tmp_path: Path, written: str | None
    ) -> None:
        token = tmp_path / "token"
        token.write_text(written or "")
        service = chroma.default.service("documents", token_file=str(token) if written else None)
        probe = ChromaProbe(plan("chroma"), service)
        if chroma.generation.guards:
            assert states(probe) == (1, 0)
            assert failures(probe.counters()) == {("ready", "auth"): 1, ("query", "auth"): 1}
        else:
            assert states(probe) == (1, 1)
            assert not failures(probe.counters())

    def test_a_locked_database_leaves_it_up_and_not_ready_within_one_run(self, chroma: ChromaServer) -> None:
        probe = probe_of(chroma, request_timeout=PATIENT)
        assert states(probe) == (1, 1)
        hurried = probe_of(chroma, request_timeout=1.5)
        with chroma.locked():
            assert states(hurried) == (1, 0)
        assert failures(hurried.counters()) == {("ready", "timeout"): 1, ("query", "timeout"): 1}
        assert states(probe) == (1, 1)

    def test_a_paused_process_times_out(self, chroma: ChromaServer) -> None:
        probe = probe_of(chroma, request_timeout=QUICK)
        with chroma.paused():
            assert states(probe) == (0, 0)
        assert failures(probe.counters()) == {(check, "timeout"): 1 for check in CHECKS}

    def test_a_restart_goes_unnoticed_and_a_stopped_server_is_found_again(self, own_chroma: ChromaServer) -> None:
        own_chroma.default.write({"documents": (3, 4)})
        probe = probe_of(own_chroma)
        assert states(probe) == (1, 1)
        own_chroma.stop()
        own_chroma.start()
        assert states(probe) == (1, 1)
        assert not failures(probe.counters())
        own_chroma.stop()
        assert states(probe) == (0, 0)
        assert failures(probe.counters()) == {(check, "connect"): 1 for check in CHECKS}
        own_chroma.start()
        assert states(probe) == (1, 1)
        assert requests(probe.counters()) == {"heartbeat": 4, "ready": 4, "query": 3}
        assert by_series(probe.counters())['ragpulse_chroma_cold_queries_total{service="chroma"}'] == 1

    def test_data_that_was_moved_away_is_seen_by_who_writes_and_hardly_by_who_reads(
        self, own_chroma: ChromaServer
    ) -> None:
        own_chroma.default.write({"documents": (3, 4)})
        probe = probe_of(own_chroma)
        assert states(probe) == (1, 1)
        (own_chroma.data / "chroma.sqlite3").rename(own_chroma.data / "moved")
        up, ready = states(probe)
        assert up == 1
        if own_chroma.generation is OLD:
            assert ready == 1
            assert not failures(probe.counters())
        else:
            # It goes on with the connections that it has; any new one makes an empty database and finds nothing in it.
            assert {reason for _, reason in failures(probe.counters())} <= {"http_5xx"}
        with pytest.raises(httpx.HTTPStatusError, match="500"):
            own_chroma.default.write({"documents": (4, 4)})


class TestReplayed:
    """What no real server here does: other versions, and answers of something else in front of Chroma."""

    @pytest.fixture(params=["0.5.23", "1.5.9"])
    def recorded(self, request: pytest.FixtureRequest, replay: Replay) -> Replay:
        for name in ("v2_heartbeat", "v2_tenant", "v2_collection_by_name", "v2_query"):
            recording = json.loads((CAPTURES / request.param / f"{name}.json").read_text())
            answers = recording["answers"]
            answer = answers.get("valid_token") or answers["no_auth_configured"]
            path = recording["request"]["path"].replace("{collection_id}", _identity(request.param))
            behaviour = reply_json(answer["body"], answer["status"])
            replay.routes[recording["request"]["method"], path] = behaviour
        return replay

    def service(self, replay: Replay, **more: Any) -> Chroma:
        return Chroma(kind="chroma", nodes=("sark",), url=replay.url, query=ChromaQuery(collection="docs_main"), **more)

    def test_both_generations_answer_all_checks(self, recorded: Replay) -> None:
        probe = ChromaProbe(plan("chroma"), self.service(recorded))
        assert states(probe) == (1, 1)
        assert not failures(probe.counters())
        (asked,) = [request for request in recorded.asked if request.method == "POST"]
        question = json.loads(asked.body)
        assert (question["n_results"], question["include"]) == (1, ["distances"])
        assert len(question["query_embeddings"][0]) == 384

    def test_a_collection_is_looked_up_once_and_anew_after_a_failure(self, recorded: Replay) -> None:
        probe = ChromaProbe(plan("chroma"), self.service(recorded))
        states(probe)
        states(probe)
        lookup = "/api/v2/tenants/default_tenant/databases/default_database/collections/docs_main"
        assert len(recorded.asked_for(lookup)) == 1
        (query,) = {request.path for request in recorded.asked if request.method == "POST"}
        well = recorded.routes["POST", query]
        recorded.post(query, reply_json({"error": "InvalidCollection"}, 400))
        states(probe)
        assert failures(probe.counters()) == {("query", "http_4xx"): 1}
        recorded.post(query, well)
        states(probe)
        assert len(recorded.asked_for(lookup)) == 3
        assert requests(probe.counters())["query"] == 4

    @pytest.mark.parametrize(
        ("behaviour", "state", "reason"),
        [
            pytest.param(hang, (0, 0), "timeout", id="one that hangs"),
            pytest.param(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"), (0, 0), "timeout", id="a slow drip"),
            pytest.param(speak(b""), (0, 0), "connect", id="one that hangs up"),
            pytest.param(reply(500, b"{}"), (1, 0), "http_5xx", id="one that answers 500"),
            pytest.param(reply(404), (1, 0), "http_4xx", id="something else that knows no such path"),
            pytest.param(reply(302, Location="/login"), (1, 0), "redirect", id="a redirect to a login page"),
            pytest.param(reply(200, b"<html>"), (1, 0), "invalid", id="a page instead of JSON"),
            pytest.param(reply_json(["x"]), (1, 0), "invalid", id="JSON of another shape"),
            pytest.param(reply_json({"ok": 1}), (1, 0), "invalid", id="a JSON object of something else"),
            pytest.param(flood(100 * 1024 * 1024), (1, 0), "too_large", id="a body of 100 MB"),
        ],
    )
    def test_every_way_to_be_unwell_has_its_reason(
        self, replay: Replay, behaviour: Behaviour, state: tuple[int, int], reason: str
    ) -> None:
        root = "/api/v2/tenants/default_tenant"
        for path in ("/api/v2/heartbeat", root, f"{root}/databases/default_database/collections/docs_main"):
            replay.get(path, behaviour)
        patience = QUICK if reason == "timeout" else PATIENT
        probe = ChromaProbe(plan("chroma", request_timeout=patience), self.service(replay))
        assert states(probe) == state
        found = failures(probe.counters())
        assert found["heartbeat", reason] == found["ready", reason] == 1
        assert sum(found.values()) == 3

    def test_tenant_and_database_are_asked_as_named(self, replay: Replay) -> None:
        probe = ChromaProbe(plan("chroma"), self.service(replay, tenant="a/b", database="d e"))
        states(probe)
        assert {"/api/v2/tenants/a%2Fb", "/api/v2/tenants/a%2Fb/databases/d%20e/collections/docs_main"} < {
            request.path for request in replay.asked
        }

    def test_the_heartbeat_is_asked_without_the_token(self, replay: Replay, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("sesame")
        how = {"token_file": str(tmp_path / "token"), "token_header": "X-Chroma-Token", "token_prefix": ""}
        states(ChromaProbe(plan("chroma"), self.service(replay, **how)))
        assert [request.headers.get("X-Chroma-Token") for request in replay.asked] == [None, "sesame", "sesame"]

    def test_an_unreadable_token_is_our_own_inability(self, replay: Replay, tmp_path: Path) -> None:
        probe = ChromaProbe(plan("chroma"), self.service(replay, token_file=str(tmp_path / "token")))
        with pytest.raises(SecretError):
            probe.read()
        assert requests(probe.counters()) == {"heartbeat": 1, "ready": 0, "query": 0}


def test_a_run_that_was_cut_has_failed_in_what_it_had_not_answered(replay: Replay) -> None:
    probe = ChromaProbe(plan("chroma"), Chroma(kind="chroma", nodes=("sark",), url=replay.url))
    probe.cut()
    probe.cut()
    assert failures(probe.counters()) == {("heartbeat", "deadline"): 2, ("ready", "deadline"): 2}


def test_the_runner_waits_longer_than_all_requests_of_a_run_can_take() -> None:
    service = Chroma(
        kind="chroma", nodes=("sark",), url="http://127.0.0.1:1", query=ChromaQuery(collection="documents")
    )
    assert ChromaProbe(plan("chroma", request_timeout=3.0), service).timeout == 10.0


@pytest.mark.parametrize("dimension", [1, 24, 384])
def test_the_question_is_the_same_unit_vector_each_time(dimension: int) -> None:
    vector = unit_vector(dimension)
    assert len(vector) == dimension
    assert math.hypot(*vector) == pytest.approx(1.0)
    assert unit_vector(dimension) == vector


def _identity(version: str) -> str:
    recording = json.loads((CAPTURES / version / "v2_collection_by_name.json").read_text())["answers"]
    identity: str = next(answer["body"]["id"] for answer in recording.values() if "id" in answer["body"])
    return identity
