"""What vLLM serves and since when, as its source tells it; where its page stands, and who gets to see the key."""

from pathlib import Path

import pytest

from exporters.source import SourceError
from exporters.vllm_said import MAX_MODELS
from exporters.vllm_source import VllmSource
from ragpulse.catalogue.vllm import CHANGE_KINDS
from tests.fakes.clocks import Standing
from tests.fakes.http_replay import (
    Behaviour,
    Conversation,
    Replay,
    refusing_url,
    replay_server,
    reply,
    reply_json,
    speak,
)
from tests.fakes.partial import given
from tests.fakes.readings import by_series
from tests.fakes.vllm_process import starting_vllm
from tests.fakes.vllm_server import PATIENT, come_back, page, polled, source_of, state_in, states, vanish


def test_the_version_is_asked_for_once_a_minute_and_when_the_server_comes_back(vllm: Replay) -> None:
    clock = Standing()
    source = source_of(vllm.url, clocks=clock.clocks)
    for _ in range(12):
        polled(source, clock)
    assert len(vllm.asked_for("/version")) == len(vllm.asked_for("/v1/models")) == 1
    polled(source, clock)
    assert len(vllm.asked_for("/version")) == 2
    vanish(vllm)
    assert polled(source, clock) == "down"
    come_back(vllm, "0.33.0", "0.32.0-load", reply(404))
    assert by_series(source.read())['ragpulse_vllm_info{service="vllm",version="0.33.0"}'] == 1


@pytest.mark.parametrize(
    "behaviour",
    [reply(404), reply(200, b"<html>"), reply_json({"version": 32}), speak(b"")],
    ids=["unknown", "no JSON", "no string", "hung up"],
)
def test_an_unknown_version_is_no_failure(vllm: Replay, behaviour: Behaviour) -> None:
    vllm.get("/version", behaviour)
    found = by_series(source_of(vllm.url).read())
    assert state_in(found) == "serving"
    assert not any("vllm_info" in series for series in found)


def changes(source: VllmSource) -> dict[str, float]:
    found = by_series(source.counters())
    counts = {what: found[f'ragpulse_vllm_changes_total{{service="vllm",what="{what}"}}'] for what in CHANGE_KINDS}
    return {what: count for what, count in counts.items() if count}


def test_restarts_versions_and_models_are_counted_as_changes(vllm: Replay) -> None:
    source = source_of(vllm.url)
    list(source.read())
    list(source.read())
    assert changes(source) == {}
    vanish(vllm)
    list(source.read())
    longer = reply_json({"data": [{"id": "tiny", "root": "/models/tiny", "max_model_len": 1024}]})
    come_back(vllm, "0.33.0", "0.32.0-after", longer)
    list(source.read())
    assert changes(source) == {"version": 1, "context": 1}, "the same process, as its start says"
    come_back(vllm, "0.33.0", "0.32.0-pressure-load", longer)
    list(source.read())
    assert changes(source) == {"version": 1, "context": 1, "layout": 1, "restart": 1}


def test_a_server_that_hides_its_models_is_read_all_the_same(vllm: Replay) -> None:
    vllm.get("/v1/models", reply(401))
    assert not any("model_info" in series for series in by_series(source_of(vllm.url).read()))


def test_of_ten_thousand_models_twenty_are_shown_and_the_rest_counted(vllm: Replay) -> None:
    vllm.get("/v1/models", reply_json({"data": [{"id": f"m{number}"} for number in range(10_000)]}))
    found = by_series(source_of(vllm.url).read())
    assert sum("model_info" in series for series in found) == MAX_MODELS
    assert found['ragpulse_source_dropped_series{source="vllm:vllm"}'] == 10_000 - MAX_MODELS


def test_an_unreadable_key_costs_only_what_needs_it(vllm: Replay, tmp_path: Path) -> None:
    source = source_of(vllm.url, api_key_file=str(tmp_path / "none"))
    for _ in range(2):
        found, missing = given(source)
        assert found['vllm_state{service="vllm",state="serving"}'] == 1
        assert "none: No such file" in str(missing)


def test_a_port_on_which_nobody_listens_yet_is_that_of_a_server_which_loads(tmp_path: Path) -> None:
    with refusing_url() as url, starting_vllm(tmp_path, int(url.rpartition(":")[2])):
        found = by_series(source_of(url).read())
    seconds = found.pop('ragpulse_vllm_loading_seconds{service="vllm"}')
    assert 0 <= seconds < PATIENT
    assert found == states("loading")


def test_so_is_a_proxy_that_refuses_everything_meanwhile(vllm: Replay, tmp_path: Path) -> None:
    for path in ("/health", "/metrics"):
        vllm.get(path, reply(503))
    source = source_of(vllm.url)
    with starting_vllm(tmp_path, int(vllm.url.rpartition(":")[2])):
        assert state_in(by_series(source.read())) == "loading"
    assert state_in(by_series(source.read())) == "refusing"


class TestThePageElsewhere:
    def elsewhere(self, vllm: Replay, url: str) -> VllmSource:
        vllm.get("/metrics", reply(404))
        vllm.get("/ray/metrics", page("0.32.0-load"))
        return source_of(url, metrics_url=f"{vllm.url}/ray/metrics")

    def test_it_is_read_where_the_cluster_file_says(self, vllm: Replay) -> None:
        assert state_in(by_series(self.elsewhere(vllm, vllm.url).read())) == "serving"

    def test_its_numbers_are_no_proof_that_the_server_lives(self, vllm: Replay) -> None:
        with refusing_url() as url:
            found = by_series(self.elsewhere(vllm, url).read())
        assert state_in(found) == "down"
        assert any("generation_tokens" in series for series in found)


class TestTheKey:
    @pytest.fixture
    def key(self, tmp_path: Path) -> str:
        (tmp_path / "key").write_text("sekret\n")
        return str(tmp_path / "key")

    def test_it_is_not_sent_to_pages_that_do_not_ask_for_it(self, vllm: Replay, key: str) -> None:
        list(source_of(vllm.url, api_key_file=key).read())
        assert {r.path for r in vllm.asked if "Authorization" in r.headers} == {"/v1/models"}

    def test_a_proxy_that_asks_for_it_gets_it(self, vllm: Replay, key: str) -> None:
        def guarded(talk: Conversation) -> None:
            knows = talk.handler.headers.get("Authorization") == "Bearer sekret"
            (page("0.32.0-load") if knows else reply(401))(talk)

        vllm.get("/metrics", guarded)
        source = source_of(vllm.url, api_key_file=key)
        for _ in range(2):
            assert state_in(by_series(source.read())) == "serving"
        assert len(vllm.asked_for("/metrics")) == 3, "once without the key, and never again"

    def test_it_is_not_sent_to_another_server(self, vllm: Replay, key: str) -> None:
        with replay_server() as other:
            other.get("/metrics", reply(401))
            with pytest.raises(SourceError, match="GET /metrics: HTTP 401"):
                next(source_of(vllm.url, api_key_file=key, metrics_url=f"{other.url}/metrics").read())
            assert ["Authorization" in request.headers for request in other.asked] == [False]
