"""The vLLM source on recorded pages of a real server, and on servers that refuse, hang, garble or are gone."""

import time
from pathlib import Path

import pytest

from exporters.canary_record import CanaryRecord, Finding
from exporters.source import SourceError
from exporters.vllm_page import VllmPage
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
    reply,
    reply_json,
    speak,
)
from tests.fakes.readings import by_series

CAPTURES = Path(__file__).parent / "captures" / "vllm"
QUICK = 1.0  # interval where a request must time out
PATIENT = 30.0


@pytest.fixture
def vllm(replay: Replay) -> Replay:
    replay.get("/health", reply())
    replay.get("/version", reply(body=(CAPTURES / "http" / "version.body").read_bytes()))
    replay.get("/v1/models", reply(body=(CAPTURES / "http" / "models.body").read_bytes()))
    replay.get("/metrics", page("0.32.0-load"))
    return replay


def page(name: str) -> Behaviour:
    return reply(body=(CAPTURES / f"vllm-{name}.prom").read_bytes(), Content_Type="text/plain; version=1.0.0")


def source_of(url: str, interval: float = PATIENT) -> VllmSource:
    return VllmSource("vllm", Vllm(kind="vllm", nodes=("sark", "clu"), url=url), interval)


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
        **states("serving"),
        **by_series(known.about("vllm")),
        'ragpulse_vllm_info{service="vllm",version="0.32.0"}': 1.0,
        'ragpulse_vllm_model_info{service="vllm",model="tiny",root="/models/tiny",max_model_len="512"}': 1.0,
        'ragpulse_source_dropped_series{source="vllm:vllm"}': 0.0,
    }


def test_metrics_are_asked_for_without_a_slash_and_without_a_format(vllm: Replay) -> None:
    source_of(vllm.url).read()
    assert [request.path for request in vllm.asked] == ["/health", "/metrics", "/version", "/v1/models"]
    assert {request.headers["Accept"] for request in vllm.asked} == {"*/*"}


def test_the_version_is_asked_for_once_and_again_after_the_server_was_gone(vllm: Replay) -> None:
    source = source_of(vllm.url)
    source.read()
    source.read()
    assert len(vllm.asked_for("/version")) == 1
    vllm.get("/health", speak(b""))
    assert state_in(by_series(source.read())) == "down"
    vllm.get("/health", reply())
    vllm.get("/version", reply_json({"version": "0.33.0"}))
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


@pytest.mark.parametrize("path", ["/health", "/metrics"])
@pytest.mark.parametrize(
    "behaviour", [hang, speak(b""), drip(b"HTTP/1.1 200 OK\r\n")], ids=["hangs", "hangs up", "drips"]
)
def test_a_server_that_does_not_answer_is_down_and_says_nothing_else(
    vllm: Replay, path: str, behaviour: Behaviour
) -> None:
    vllm.get(path, behaviour)
    assert by_series(source_of(vllm.url, QUICK).read()) == states("down")


def test_all_requests_of_a_run_end_before_the_runner_would_cut_it(vllm: Replay) -> None:
    def slow(conversation: Conversation) -> None:
        conversation.stopped.wait(0.5 * QUICK)
        reply()(conversation)

    vllm.get("/health", slow)
    vllm.get("/metrics", hang)
    source = source_of(vllm.url, QUICK)
    start = time.monotonic()
    assert by_series(source.read()) == states("down")
    assert time.monotonic() - start < source.timeout


@pytest.mark.parametrize("status", [401, 404], ids=["one that wants a password", "one without a health page"])
def test_something_else_that_answers_is_not_serving(vllm: Replay, status: int) -> None:
    vllm.get("/health", reply(status))
    with pytest.raises(SourceError, match=f"GET /health: HTTP {status}; is this vLLM"):
        list(source_of(vllm.url).read())


def test_a_port_on_which_nobody_listens_is_down() -> None:
    with refusing_url() as url:
        assert by_series(source_of(url).read()) == states("down")


def test_a_dead_engine_that_is_still_asked_refuses(vllm: Replay) -> None:
    vllm.get("/health", reply(503))
    source = source_of(vllm.url)
    assert state_in(by_series(source.read())) == "refusing"
    vllm.get("/metrics", speak(b""))
    assert by_series(source.read()) == states("refusing")


def test_a_frozen_server_whose_health_is_well_is_stalled(vllm: Replay) -> None:
    clock = Standing()
    service = Vllm(kind="vllm", nodes=("sark",), url=vllm.url)
    source = VllmSource("vllm", service, PATIENT, clock=clock.clocks.awake)
    found = [polled(source, clock) for _ in range(4)]
    assert found == ["serving", "serving", "serving", "stalled"]


def test_demand_is_counted_between_polls_and_survives_that_the_server_goes(vllm: Replay) -> None:
    clock = Standing()
    service = Vllm(kind="vllm", nodes=("sark",), url=vllm.url)
    source = VllmSource("vllm", service, 5.0, clock=clock.clocks.awake)
    text = (CAPTURES / "vllm-0.32.0-pressure-load.prom").read_text()
    for tokens in (507.0, 807.0):
        body = text.replace('vllm:generation_tokens_total{engine="0",model_name="tiny"} 507.0', _tokens(tokens))
        assert _tokens(tokens) in body
        vllm.get("/metrics", reply(body=body.encode()))
        state = polled(source, clock)
    assert state == "saturated"
    vllm.get("/health", speak(b""))
    source.read()
    found = by_series(source.counters())
    assert found['ragpulse_vllm_demand_seconds_total{service="vllm"}'] == 5.0
    assert found['ragpulse_vllm_demand_generation_tokens_total{service="vllm"}'] == 300.0


def test_a_run_that_was_cut_leaves_a_gap_in_demand(vllm: Replay) -> None:
    clock = Standing()
    source = VllmSource("vllm", Vllm(kind="vllm", nodes=("sark",), url=vllm.url), 5.0, clock=clock.clocks.awake)
    vllm.get("/metrics", page("0.32.0-pressure-load"))
    polled(source, clock)
    source.cut()
    source.read()
    assert by_series(source.counters())['ragpulse_vllm_demand_seconds_total{service="vllm"}'] == 0


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
        source_of(vllm.url).read()


def _tokens(count: float) -> str:
    return f'vllm:generation_tokens_total{{engine="0",model_name="tiny"}} {count}'


class TestWithCanaries:
    """What the canary found, beside the page of a server on which nothing runs and nothing moves."""

    @pytest.fixture
    def record(self, vllm: Replay) -> CanaryRecord:
        vllm.get("/metrics", page("0.32.0-idle"))
        return CanaryRecord()

    def source(self, vllm: Replay, record: CanaryRecord, clock: Standing) -> VllmSource:
        service = Vllm(kind="vllm", nodes=("sark",), url=vllm.url)
        return VllmSource("vllm", service, PATIENT, clock=clock.clocks.awake, record=record)

    def test_generation_that_hangs_while_the_gauges_say_idle_is_stalled_within_30_seconds(
        self, vllm: Replay, record: CanaryRecord
    ) -> None:
        """As a real one that hangs in its first step: /health and /v1/models say 200, running and waiting are 0."""
        clock = Standing()
        source = self.source(vllm, record, clock)
        polled(source, clock)
        hung = clock.clocks.awake()
        states = []
        for _ in range(5):
            if clock.clocks.awake() - hung >= 17:  # asked 10 s after the hang at most, given up after 7
                record.put(Finding(clock.clocks.awake(), "timeout"))
            states.append(polled(source, clock))
        assert states[-1] == "stalled"
        assert 5 * states.index("stalled") + 5 <= 30

    def test_what_the_canary_found_long_ago_counts_no_longer(self, vllm: Replay, record: CanaryRecord) -> None:
        clock = Standing()
        source = self.source(vllm, record, clock)
        record.put(Finding(clock.clocks.awake(), "http_5xx"))
        assert polled(source, clock) == "refusing"
        clock.live(25.0)
        assert polled(source, clock) == "serving"

    def test_a_page_that_hangs_does_not_hide_that_canaries_are_answered(
        self, vllm: Replay, record: CanaryRecord
    ) -> None:
        clock = Standing()
        vllm.get("/metrics", speak(b""))
        source = self.source(vllm, record, clock)
        assert polled(source, clock) == "down"
        record.put(Finding(clock.clocks.awake()))
        assert polled(source, clock) == "serving"

    def test_without_statistics_canaries_decide_alone(self, vllm: Replay, record: CanaryRecord) -> None:
        clock = Standing()
        vllm.get("/metrics", page("0.32.0-disable-log-stats"))
        source = self.source(vllm, record, clock)
        states = []
        for poll in range(5):
            if poll % 2 == 0:
                record.put(Finding(clock.clocks.awake(), "timeout"))
            states.append(polled(source, clock))
        assert states == ["serving", "serving", "serving", "stalled", "stalled"]
        record.put(Finding(clock.clocks.awake()))
        assert polled(source, clock) == "serving"


def test_restarts_versions_and_models_are_counted_as_changes(vllm: Replay) -> None:
    source = source_of(vllm.url)

    def changes() -> dict[str, float]:
        return {
            what: count
            for what in CHANGE_KINDS
            if (count := by_series(source.counters())[f'ragpulse_vllm_changes_total{{service="vllm",what="{what}"}}'])
        }

    source.read()
    source.read()
    assert changes() == {}
    vllm.get("/health", speak(b""))
    source.read()
    vllm.get("/health", reply())
    vllm.get("/version", reply_json({"version": "0.33.0"}))
    vllm.get("/v1/models", reply_json({"data": [{"id": "tiny", "root": "/models/tiny", "max_model_len": 1024}]}))
    vllm.get("/metrics", page("0.32.0-after"))
    source.read()
    assert changes() == {"version": 1, "context": 1}
    vllm.get("/metrics", page("0.32.0-pressure-load"))
    source.read()
    assert changes() == {"version": 1, "context": 1, "layout": 1, "restart": 1}


def test_a_server_that_hides_its_models_is_read_all_the_same(vllm: Replay) -> None:
    vllm.get("/v1/models", reply(401))
    assert not any("model_info" in series for series in by_series(source_of(vllm.url).read()))


def test_the_page_may_stand_elsewhere(vllm: Replay) -> None:
    vllm.get("/metrics", reply(404))
    vllm.get("/ray/metrics", page("0.32.0-load"))
    service = Vllm(kind="vllm", nodes=("sark",), url=vllm.url, metrics_url=f"{vllm.url}/ray/metrics")
    assert state_in(by_series(VllmSource("vllm", service, PATIENT).read())) == "serving"
