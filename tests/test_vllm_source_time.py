"""What the vLLM source knows over time: demand, stalls, what canaries said, and what a suspend or a gap takes away."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from exporters.canary_record import CanaryRecord, Finding
from exporters.source import SourceError
from exporters.vllm_source import VllmSource
from ragpulse.services import Vllm
from tests.fakes.clocks import Standing
from tests.fakes.http_replay import Behaviour, Replay, reply, speak
from tests.fakes.partial import given
from tests.fakes.readings import by_series
from tests.fakes.vllm_server import CAPTURES, PATIENT, WITHOUT_STATISTICS, come_back, page, polled, source_of, vanish


def _tokens(count: float) -> str:
    return f'vllm:generation_tokens_total{{engine="0",model_name="tiny"}} {count}'


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


def test_a_server_that_came_back_has_not_stood_still_meanwhile(vllm: Replay) -> None:
    clock = Standing()
    source = source_of(vllm.url, clocks=clock.clocks)
    assert [polled(source, clock) for _ in range(3)] == ["serving"] * 3
    vanish(vllm)
    assert polled(source, clock) == "down"
    come_back(vllm, "0.32.0", "0.32.0-load", reply(404))
    assert polled(source, clock) == "serving"


def test_a_machine_that_slept_has_seen_no_stall(vllm: Replay) -> None:
    clock = Standing()
    source = source_of(vllm.url, clocks=clock.clocks)
    assert [polled(source, clock) for _ in range(3)] == ["serving"] * 3
    clock.suspend(60)
    assert polled(source, clock) == "serving"


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
            pytest.param(reply(500), "GET /metrics: HTTP 500", id="fails"),
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
