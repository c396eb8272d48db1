"""The canary on recorded errors of a real 0.32.0, on streams that go wrong in every way, and on a full engine."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ragpulse.services import Canary
from tests.fakes.bird import Bird
from tests.fakes.completion_stream import DONE, END, HEAD, STREAM, chunked, event, stream
from tests.fakes.http_replay import Behaviour, Conversation, Replay, hang, refusing_url, reply, speak
from tests.fakes.readings import failures, requests
from tests.fakes.watched import PATIENT, QUICK
from tests.test_vllm_probe import KEY, recorded


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param(recorded("completion-stream-broken"), "stream_error", id="recorded: its worker was killed"),
        pytest.param(recorded("completion-wrong-key"), "auth", id="recorded: wrong key"),
        pytest.param(recorded("completion-unknown-model"), "http_4xx", id="recorded: unknown model"),
        pytest.param(recorded("completion-too-long"), "http_4xx", id="recorded: too long"),
        pytest.param(recorded("completion"), "stream_broken", id="recorded: no stream"),
        pytest.param(reply(503), "http_5xx", id="queue limit"),
        pytest.param(reply(302, Location="/"), "redirect", id="redirect"),
        pytest.param(speak(b""), "connect", id="hangs up before its answer"),
        pytest.param(speak(HEAD[:40]), "connect", id="hangs up in its head"),
        pytest.param(speak(b"SSH-2.0\r\n"), "invalid", id="no HTTP"),
        pytest.param(stream(ended=False), "stream_broken", id="hangs up before its first token"),
        pytest.param(stream(event(), ended=False), "stream_broken", id="hangs up in the stream"),
        pytest.param(stream(event(), event()), "stream_broken", id="ends without its end"),
        pytest.param(stream(event(), DONE), "stream_broken", id="done without a reason"),
        pytest.param(stream(), "stream_broken", id="nothing"),
        pytest.param(stream(DONE), "empty", id="done at once"),
        pytest.param(stream(event(choices=[]), DONE), "empty", id="no choice"),
        pytest.param(stream(END, event(choices=[], usage={"completion_tokens": 0}), DONE), "empty", id="no token"),
        pytest.param(stream(event(error={"message": "x"}), DONE), "stream_error", id="an error"),
        pytest.param(
            stream(event(choices=[{"finish_reason": "error"}]), DONE), "stream_error", id="finished with an error"
        ),
        pytest.param(stream(event(choices=[{"finish_reason": "abort"}]), DONE), "stream_broken", id="aborted"),
        pytest.param(stream(event(model="other"), END, DONE), "wrong_model", id="another model begins"),
        pytest.param(stream(event(model=7), END, DONE), "invalid", id="a model without a name"),
        pytest.param(stream(b"data: {\n\n"), "invalid", id="no JSON"),
        pytest.param(stream(b"data: [1]\n\n"), "invalid", id="no object"),
        pytest.param(stream(event(choices=[7])), "invalid", id="no choice but a number"),
        pytest.param(stream(event() * 103, END, DONE), "too_large", id="more than was asked for"),
        pytest.param(stream(b"data: {}\n\n" * 200), "too_large", id="events without end"),
        pytest.param(stream(b"data:\n" * 70_000), "too_large", id="an event without end"),
        pytest.param(stream(b"x" * 100_000), "too_large", id="a line without end"),
    ],
)
def test_every_way_to_go_wrong_has_its_reason(vllm: Replay, behaviour: Behaviour, reason: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    vllm.post("/v1/completions", behaviour)
    bird = Bird(vllm.url, model="tiny", api_key_file=str(tmp_path / "key"), canary=Canary(max_tokens=100))
    assert bird.sing() == reason
    assert bird.counted()['ragpulse_vllm_canary_good_total{service="vllm"}'] == 0
    vllm.post("/v1/completions", stream(STREAM))
    assert bird.sing() == ""


def test_a_server_that_is_gone_cannot_be_connected_to() -> None:
    with refusing_url() as url:
        assert Bird(url, model="tiny").sing() == "connect"


def test_a_server_that_speaks_no_tls_is_known_by_it(vllm: Replay) -> None:
    assert Bird(vllm.url.replace("http:", "https:"), model="tiny").sing() == "tls"


@pytest.mark.parametrize(
    ("said", "reason", "timeout"),
    [
        pytest.param(event(error={"message": "x"}), "stream_error", PATIENT, id="at an error"),
        pytest.param(event() * 20, "too_large", PATIENT, id="at too many events"),
        pytest.param(event(), "timeout", QUICK, id="at its deadline"),
    ],
)
def test_a_stream_that_is_given_up_is_hung_up_on(vllm: Replay, said: bytes, reason: str, timeout: float) -> None:
    """vLLM generates for as long as somebody listens."""
    gone = threading.Event()

    def listens(talk: Conversation) -> None:
        talk.say(HEAD + chunked(said, ended=False))
        if not talk.handler.rfile.read(1):
            gone.set()
        talk.hang_up()

    vllm.post("/v1/completions", listens)
    assert Bird(vllm.url, timeout, model="tiny").sing() == reason
    assert gone.wait(PATIENT)


class TestTimeouts:
    def page(self, waiting: int, tokens: int) -> Behaviour:
        lines = [
            f'# TYPE vllm:{name} {kind}\nvllm:{name}{{engine="0",model_name="tiny"}} {value}\n'
            for name, kind, value in (
                ("num_requests_running", "gauge", 8),
                ("num_requests_waiting", "gauge", waiting),
                ("generation_tokens_total", "counter", tokens),
            )
        ]
        return reply(body="".join(lines).encode())

    def pages(self, vllm: Replay, *found: Behaviour) -> None:
        turns = iter(found)

        def in_turn(talk: Conversation) -> None:
            next(turns)(talk)

        vllm.get("/metrics", in_turn)

    def timed_out(self, vllm: Replay, *pages: Behaviour) -> str:
        vllm.post("/v1/completions", hang)
        self.pages(vllm, *pages)
        return Bird(vllm.url, QUICK, model="tiny").sing()

    def test_while_requests_wait_and_tokens_flow_it_met_a_full_engine(self, vllm: Replay) -> None:
        assert self.timed_out(vllm, self.page(5, 100), self.page(5, 200)) == "saturated"

    def test_while_nothing_moves_it_is_a_timeout(self, vllm: Replay) -> None:
        assert self.timed_out(vllm, self.page(5, 100), self.page(5, 100)) == "timeout"

    def test_while_nobody_waits_it_is_a_timeout(self, vllm: Replay) -> None:
        assert self.timed_out(vllm, self.page(0, 100), self.page(0, 200)) == "timeout"

    def test_without_a_page_nothing_excuses_it(self, vllm: Replay) -> None:
        assert self.timed_out(vllm, reply(404), reply(404)) == "timeout"

    def test_a_page_of_long_ago_excuses_nothing(self, vllm: Replay) -> None:
        """The engine moved since then, but perhaps not while the canary waited."""
        self.pages(vllm, self.page(5, 100), reply(404), reply(404), self.page(5, 200))
        bird = Bird(vllm.url, QUICK, model="tiny")
        assert [bird.sing(), bird.sing()] == ["", ""]
        vllm.post("/v1/completions", hang)
        assert bird.sing() == "timeout"

    def test_a_stream_that_stops_in_the_middle_is_a_timeout(self, vllm: Replay) -> None:
        def stops(talk: Conversation) -> None:
            talk.say(HEAD + chunked(event(), ended=False))
            hang(talk)

        vllm.post("/v1/completions", stops)
        assert Bird(vllm.url, QUICK, model="tiny").sing() == "timeout"


class TestWhatDoesNotCount:
    def during(self, vllm: Replay, happens: Callable[[], None]) -> None:
        """The stream is whole, and something happens before it comes."""

        def behave(talk: Conversation) -> None:
            happens()
            stream(STREAM)(talk)

        vllm.post("/v1/completions", behave)

    def test_a_run_that_the_runner_cuts_is_a_failure_and_stays_one(self, vllm: Replay) -> None:
        bird = Bird(vllm.url)
        self.during(vllm, bird.source.cut)
        list(bird.source.read())
        found = bird.counted()
        assert failures(bird.source.counters()) == {("canary", "deadline"): 1}
        assert found['ragpulse_vllm_canary_good_total{service="vllm"}'] == 0
        assert found['ragpulse_vllm_canary_e2e_latency_seconds_count{service="vllm"}'] == 0
        last = bird.record.last(bird.clock.clocks.awake(), 1.0)
        assert last is not None
        assert last.reason == "deadline"

    def test_a_run_into_which_a_suspend_falls_never_was(self, vllm: Replay) -> None:
        bird = Bird(vllm.url)
        self.during(vllm, lambda: bird.clock.suspend(3600.0))
        list(bird.source.read())
        assert requests(bird.source.counters()) == {"canary": 0}
        assert bird.counted()['ragpulse_vllm_canary_tokens_total{service="vllm"}'] == 0
        assert bird.record.last(bird.clock.clocks.awake(), 1.0) is None
