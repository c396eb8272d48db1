"""The vLLM source on recorded pages of a real server, and on servers that refuse, hang, garble or are gone."""

import time

import pytest

from exporters.source import SourceError
from exporters.vllm_page import VllmPage
from tests.fakes.clocks import Standing
from tests.fakes.http_replay import Behaviour, Conversation, Replay, drip, flood, hang, refusing_url, reply, speak
from tests.fakes.partial import given
from tests.fakes.readings import by_series
from tests.fakes.vllm_server import CAPTURES, QUICK, WITHOUT_STATISTICS, page, polled, source_of, state_in, states


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
