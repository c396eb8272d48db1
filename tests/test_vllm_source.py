"""The vLLM source on recorded pages of a real server, and on servers that refuse, hang, garble or are gone."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exporters.canary_record import CanaryRecord, Finding
from exporters.clocks import MACHINE, Clocks
from exporters.source import SourceError
from exporters.vllm_page import VllmPage
from exporters.vllm_said import MAX_MODELS
from exporters.vllm_source import VllmSource
from ragpulse.catalogue.vllm import CHANGE_KINDS, STATES
from ragpulse.services import Vllm
from tests.fakes.clocks import Standing
from tests.fakes.http_replay import (
    Behaviour,
    Conversation,
    Replay,
    drip,
    flood,
    hang,
    refusing_url,
    replay_server,
    reply,
    reply_json,
    speak,
)
from tests.fakes.partial import given
from tests.fakes.readings import by_series
from tests.fakes.vllm_process import starting_vllm

CAPTURES = Path(__file__).parent / "captures" / "vllm"
QUICK = 1.0  # interval where a request must time out
PATIENT = 30.0
WITHOUT_STATISTICS = "0.32.0-disable-log-stats"


@pytest.fixture
def vllm(replay: Replay) -> Replay:
    replay.get("/health", reply())
    replay.get("/version", reply(body=(CAPTURES / "http" / "version.body").read_bytes()))
    replay.get("/v1/models", reply(body=(CAPTURES / "http" / "models.body").read_bytes()))
    replay.get("/metrics", page("0.32.0-load"))
    return replay


def page(name: str) -> Behaviour:
    return reply(body=(CAPTURES / f"vllm-{name}.prom").read_bytes(), Content_Type="text/plain; version=1.0.0")


def source_of(url: str, interval: float = PATIENT, clocks: Clocks = MACHINE, **more: Any) -> VllmSource:
    return VllmSource("vllm", Vllm(kind="vllm", nodes=("sark", "clu"), url=url, **more), interval, clocks)


def states(current: str) -> dict[str, float]:
    return {f'ragpulse_vllm_state{{service="vllm",state="{state}"}}': float(state == current) for state in STATES}


def state_in(found: dict[str, float]) -> str:
    (current,) = [state for state in STATES if found[f'ragpulse_vllm_state{{service="vllm",state="{state}"}}']]
    return current


def polled(source: VllmSource, clock: Standing) -> str:
    state = state_in(by_series(source.read()))
    clock.live(5.0)
    return state


@pytest.mark.parametrize("name", [path.stem.removeprefix("vllm-") for path in sorted(CAPTURES.glob("*.prom"))])
def test_a_page_is_passed_through_with_state_version_and_what_is_offered(vllm: Replay, name: str) -> None:
    vllm.get("/metrics", page(name))
    known = VllmPage((CAPTURES / f"vllm-{name}.prom").read_text())
    assert by_series(source_of(vllm.url).read()) == {
        **by_series(known.samples("vllm")),
        **(states("serving") if name != WITHOUT_STATISTICS else {}),  # without numbers and canaries nobody knows
        **by_series(known.about("vllm")),
        'ragpulse_vllm_info{service="vllm",version="0.32.0"}': 1.0,
        'ragpulse_vllm_model_info{service="vllm",model="tiny",root="/models/tiny",max_model_len="512"}': 1.0,
        'ragpulse_source_dropped_series{source="vllm:vllm"}': 0.0,
    }


def test_metrics_are_asked_for_without_a_slash_and_without_a_format(vllm: Replay) -> None:
    list(source_of(vllm.url).read())
    assert [request.path for request in vllm.asked] == ["/health", "/metrics", "/version", "/v1/models"]
    assert {request.headers["Accept"] for request in vllm.asked} == {"*/*"}


def vanish(vllm: Replay) -> None:
    for path in ("/health", "/metrics", "/version", "/v1/models"):
        vllm.get(path, speak(b""))


def come_back(vllm: Replay, version: str, capture: str, models: Behaviour) -> None:
    vllm.get("/health", reply())
    vllm.get("/version", reply_json({"version": version}))
    vllm.get("/metrics", page(capture))
    vllm.get("/v1/models", models)


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


@pytest.mark.parametrize(
    "behaviour", [hang, speak(b""), drip(b"HTTP/1.1 200 OK\r\n")], ids=["hangs", "hangs up", "drips"]
)
def test_a_server_that_does_not_answer_is_down_and_says_nothing_else(vllm: Replay, behaviour: Behaviour) -> None:
    vllm.get("/health", behaviour)
    vllm.get("/metrics", behaviour)
    assert by_series(source_of(vllm.url, QUICK).read()) == states("down")


@pytest.mark.parametrize("behaviour", [hang, speak(b"")], ids=["hangs", "hangs up"])
def test_a_health_page_that_does_not_answer_hides_nothing_of_the_numbers(vllm: Replay, behaviour: Behaviour) -> None:
    vllm.get("/health", behaviour)
    found = by_series(source_of(vllm.url, QUICK).read())
    assert state_in(found) == "serving"
    assert any("generation_tokens" in series for series in found)


@pytest.mark.parametrize("behaviour", [hang, speak(b"")], ids=["hangs", "hangs up"])
def test_a_page_that_does_not_answer_leaves_the_last_reading_where_nothing_else_tells_of_the_state(
    vllm: Replay, behaviour: Behaviour
) -> None:
    vllm.get("/metrics", behaviour)
    with pytest.raises(SourceError, match=r"^GET /metrics: "):
        next(source_of(vllm.url, QUICK).read())


def test_all_requests_of_a_run_end_before_the_runner_would_cut_it(vllm: Replay) -> None:
    def slow(conversation: Conversation) -> None:
        conversation.stopped.wait(0.2 * QUICK)
        reply()(conversation)

    for path in ("/health", "/metrics"):
        vllm.get(path, slow)
    vllm.get("/version", hang)
    source = source_of(vllm.url, QUICK)
    start = time.monotonic()
    with pytest.raises(SourceError, match="GET /metrics"):  # what it says is no page
        list(source.read())
    assert time.monotonic() - start < source.timeout


@pytest.mark.parametrize("status", [302, 401, 404])
def test_a_health_page_that_is_not_vllms_is_said_beside_the_numbers(vllm: Replay, status: int) -> None:
    vllm.get("/health", reply(status))
    found, missing = given(source_of(vllm.url))
    assert found['vllm_state{service="vllm",state="serving"}'] == 1
    assert missing == f"GET /health: HTTP {status}; is this vLLM?"


def test_something_else_that_answers_has_no_state(vllm: Replay) -> None:
    vllm.get("/health", reply(404))
    vllm.get("/metrics", reply(404))
    with pytest.raises(SourceError, match=r"GET /health: HTTP 404; is this vLLM\?; GET /metrics: HTTP 404"):
        next(source_of(vllm.url).read())


def test_a_port_on_which_nobody_listens_is_down() -> None:
    with refusing_url() as url:
        assert by_series(source_of(url).read()) == states("down")


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


def test_a_dead_engine_that_is_still_asked_refuses(vllm: Replay) -> None:
    vllm.get("/health", reply(503))
    source = source_of(vllm.url)
    assert state_in(by_series(source.read())) == "refusing"
    for behaviour in (speak(b""), reply(503)):
        vllm.get("/metrics", behaviour)
        assert by_series(source.read()) == states("refusing")


def test_a_frozen_server_whose_health_is_well_is_stalled(vllm: Replay) -> None:
    clock = Standing()
    source = source_of(vllm.url, clocks=clock.clocks)
    found = [polled(source, clock) for _ in range(4)]
    assert found == ["serving", "serving", "serving", "stalled"]


def test_demand_is_counted_between_polls_and_survives_that_the_server_goes(vllm: Replay) -> None:
    clock = Standing()
    source = source_of(vllm.url, 5.0, clock.clocks)
    text = (CAPTURES / "vllm-0.32.0-pressure-load.prom").read_text()
    for tokens in (507.0, 807.0):
        body = text.replace('vllm:generation_tokens_total{engine="0",model_name="tiny"} 507.0', _tokens(tokens))
        assert _tokens(tokens) in body
        vllm.get("/metrics", reply(body=body.encode()))
        state = polled(source, clock)
    assert state == "saturated"
    vanish(vllm)
    assert polled(source, clock) == "down"
    found = by_series(source.counters())
    assert found['ragpulse_vllm_demand_seconds_total{service="vllm"}'] == 5.0
    assert found['ragpulse_vllm_demand_generation_tokens_total{service="vllm"}'] == 300.0


def lose_a_run(source: VllmSource, vllm: Replay, _: Standing) -> None:
    vllm.get("/metrics", speak(b""))
    with pytest.raises(SourceError):
        next(source.read())


GAPS: dict[str, Callable[[VllmSource, Replay, Standing], None]] = {
    "a run that was cut": lambda source, _, __: source.cut(),
    "a page that is missing": lose_a_run,
    "a suspend of this machine": lambda _, __, clock: clock.suspend(3600),
}


@pytest.mark.parametrize("gap", GAPS)
def test_what_nobody_saw_is_no_demand(vllm: Replay, gap: str) -> None:
    clock = Standing()
    source = source_of(vllm.url, 5.0, clock.clocks)
    vllm.get("/metrics", page("0.32.0-pressure-load"))
    polled(source, clock)
    polled(source, clock)
    GAPS[gap](source, vllm, clock)
    vllm.get("/metrics", page("0.32.0-pressure-load"))
    polled(source, clock)
    assert by_series(source.counters())['ragpulse_vllm_demand_seconds_total{service="vllm"}'] == 5


def test_a_clock_that_somebody_sets_is_no_demand(vllm: Replay) -> None:
    clock = Standing()
    source = source_of(vllm.url, 5.0, clock.clocks)
    vllm.get("/metrics", page("0.32.0-pressure-load"))
    polled(source, clock)
    clock.set_wall(-7200)
    polled(source, clock)
    assert by_series(source.counters())['ragpulse_vllm_demand_seconds_total{service="vllm"}'] == 5


def test_a_machine_that_slept_has_seen_no_stall(vllm: Replay) -> None:
    clock = Standing()
    source = source_of(vllm.url, clocks=clock.clocks)
    assert [polled(source, clock) for _ in range(3)] == ["serving"] * 3
    clock.suspend(60)
    assert polled(source, clock) == "serving"


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(reply(404), id="no such page"),
        pytest.param(reply(500), id="a page that fails"),
        pytest.param(reply(200, b"# TYPE vllm:num_requests_running gauge\nvllm:num_requ"), id="a page cut off"),
        pytest.param(reply(200, b"vllm:x{\n"), id="no Prometheus text"),
        pytest.param(reply(200, b"vllm:x \xff\n"), id="no text"),
        pytest.param(flood(100 * 1024 * 1024), id="a page of 100 MB"),
    ],
)
def test_something_that_is_no_page_of_vllm_is_our_inability_to_read_it(vllm: Replay, behaviour: Behaviour) -> None:
    vllm.get("/metrics", behaviour)
    with pytest.raises(SourceError, match="GET /metrics"):
        next(source_of(vllm.url).read())


def _tokens(count: float) -> str:
    return f'vllm:generation_tokens_total{{engine="0",model_name="tiny"}} {count}'


@dataclass
class Canaried:
    """A source whose canary the test speaks for."""

    source: VllmSource
    record: CanaryRecord
    clock: Standing

    def said(self, reason: str) -> None:
        self.record.put(Finding(self.clock.clocks.awake(), reason))

    def poll(self) -> str:
        return polled(self.source, self.clock)


class TestWithCanaries:
    """What the canary found, beside the page of a server on which nothing runs and nothing moves."""

    @pytest.fixture
    def canaried(self, vllm: Replay) -> Canaried:
        vllm.get("/metrics", page("0.32.0-idle"))
        clock, record = Standing(), CanaryRecord()
        service = Vllm(kind="vllm", nodes=("sark",), url=vllm.url)
        return Canaried(VllmSource("vllm", service, PATIENT, clock.clocks, record), record, clock)

    def test_what_the_canary_found_long_ago_counts_no_longer(self, canaried: Canaried) -> None:
        canaried.said("http_5xx")
        assert canaried.poll() == "refusing"
        canaried.clock.live(25.0)
        assert canaried.poll() == "serving"

    def test_nor_does_what_it_found_before_the_server_was_gone(self, vllm: Replay, canaried: Canaried) -> None:
        canaried.said("http_5xx")
        vanish(vllm)
        assert canaried.poll() == "down"
        come_back(vllm, "0.32.0", "0.32.0-idle", reply(404))
        assert canaried.poll() == "serving"

    @pytest.mark.parametrize(
        ("behaviour", "missing"),
        [
            pytest.param(speak(b""), None, id="hangs up, which is the server's fault"),
            pytest.param(reply(404), "GET /metrics: HTTP 404", id="is not there"),
            pytest.param(reply(200, b"<html>"), "GET /metrics: the page is cut off in its last line", id="is another"),
        ],
    )
    def test_a_page_that_is_not_to_be_had_does_not_hide_what_canaries_say(
        self, vllm: Replay, canaried: Canaried, behaviour: Behaviour, missing: str | None
    ) -> None:
        vllm.get("/metrics", behaviour)
        canaried.said("")
        found, said = given(canaried.source)
        assert found['vllm_state{service="vllm",state="serving"}'] == 1
        assert found['vllm_info{service="vllm",version="0.32.0"}'] == 1
        assert said == missing

    def test_without_statistics_canaries_decide_alone(self, vllm: Replay, canaried: Canaried) -> None:
        vllm.get("/metrics", page(WITHOUT_STATISTICS))
        canaried.said("")
        assert canaried.poll() == "serving"
        canaried.clock.live(12.0)
        canaried.said("timeout")  # sent 7 s ago
        assert [canaried.poll() for _ in range(3)] == ["serving", "serving", "stalled"]
        canaried.said("")
        assert canaried.poll() == "serving"


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
