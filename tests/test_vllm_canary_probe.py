"""The canary on recorded answers of a real 0.32.0, on streams that go wrong in every way, and on a full engine."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from exporters.canary_record import CanaryRecord, Finding
from exporters.service_sources import service_sources
from exporters.vllm_canary import CanaryPlan, VllmCanary
from exporters.vllm_completion import Completion
from exporters.vllm_probe import vllm_probe
from ragpulse.catalogue.service import REASONS
from ragpulse.catalogue.vllm_canary import CANARY_REASONS
from ragpulse.inventory import Cluster
from ragpulse.services import Canary, Vllm
from tests.fakes.clocks import Standing
from tests.fakes.http_replay import Behaviour, Conversation, Replay, hang, refusing_url, reply, reply_json, speak
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import PATIENT, QUICK, plan
from tests.test_vllm_probe import HTTP, KEY, recorded

CAPTURES = HTTP.parent
STREAM = (HTTP / "completion-stream.body").read_bytes()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(*pieces: bytes, ended: bool = True) -> bytes:
    coded = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    return coded + (b"0\r\n\r\n" if ended else b"")


def stream(*pieces: bytes, ended: bool = True) -> Behaviour:
    return speak(HEAD + chunked(*pieces, ended=ended))


def event(**more: Any) -> bytes:
    told = {"model": "tiny", "choices": [{"index": 0, "text": "e", "finish_reason": None}], **more}
    return f"data: {json.dumps(told)}\n\n".encode()


END = event(choices=[{"index": 0, "text": "e", "finish_reason": "length"}])
DONE = b"data: [DONE]\n\n"


@pytest.fixture
def vllm(replay: Replay) -> Replay:
    replay.get("/v1/models", recorded("models"))
    replay.get("/metrics", reply(body=(CAPTURES / "vllm-0.32.0-idle.prom").read_bytes()))
    replay.post("/v1/completions", stream(STREAM))
    return replay


class Bird:
    """A canary with its clock and its record."""

    def __init__(self, url: str, timeout: float = PATIENT, *, canary: Canary | None = None, **more: Any) -> None:
        self.clock = Standing()
        self.record = CanaryRecord()
        service = Vllm(kind="vllm", nodes=("sark",), url=url, canary=canary or Canary(), **more)
        look = CanaryPlan("vllm", timeout, ttft=2.0, itl=0.1)
        self.source = VllmCanary(look, service, self.record, self.clock.clocks)

    def sing(self) -> str:
        """What one run found: a reason, or empty."""
        before = failures(self.source.counters())
        self.enabled = by_series(self.source.read())['ragpulse_vllm_canary_enabled{service="vllm"}']
        after = failures(self.source.counters())
        new = [reason for (_, reason), count in after.items() if count != before.get(("canary", reason), 0)]
        found = self.record.last(self.clock.clocks.awake(), 0.0)
        assert [found.reason if found else ""] == (new or [""])
        return new[0] if new else ""

    def counted(self) -> dict[str, float]:
        return by_series(self.source.counters())


def test_a_recorded_stream_is_a_good_canary_with_its_tokens_and_times(vllm: Replay) -> None:
    bird = Bird(vllm.url)
    assert bird.sing() == ""
    found = bird.counted()
    assert found['ragpulse_vllm_canary_tokens_total{service="vllm"}'] == 4
    assert found['ragpulse_vllm_canary_good_total{service="vllm"}'] == 1
    assert found['ragpulse_probe_requests_total{service="vllm",check="canary"}'] == 1
    for what, count in {"connect": 1, "time_to_first_token": 1, "inter_token_latency": 3, "e2e_latency": 1}.items():
        assert found[f'ragpulse_vllm_canary_{what}_seconds_count{{service="vllm"}}'] == count


def test_it_asks_for_few_tokens_in_the_same_way_each_time(vllm: Replay) -> None:
    bird = Bird(vllm.url, canary=Canary(prompt="Say one word.", max_tokens=4))
    bird.sing()
    bird.sing()
    one, two = vllm.asked_for("/v1/completions")
    assert one.body == two.body
    assert json.loads(one.body) == {
        "model": "tiny", "prompt": "Say one word.", "max_tokens": 4, "temperature": 0, "seed": 1, "stream": True,
        "stream_options": {"include_usage": True},
    }  # fmt: skip
    assert len(vllm.asked_for("/v1/models")) == 1


def test_each_opens_a_connection_of_its_own(vllm: Replay) -> None:
    bird = Bird(vllm.url, model="tiny")
    bird.sing()
    bird.sing()
    assert bird.counted()['ragpulse_vllm_canary_connect_seconds_count{service="vllm"}'] == 2
    assert vllm.connections == 3  # and one for the page


def test_its_key_is_sent(vllm: Replay, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    Bird(vllm.url, api_key_file=str(tmp_path / "key")).sing()
    (asked,) = vllm.asked_for("/v1/completions")
    assert asked.headers["Authorization"] == f"Bearer {KEY}"


def test_first_token_and_gaps_are_timed_as_they_come(vllm: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event is sent when the one before has been seen: buffered ones would have no time between them."""
    go = threading.Semaphore(0)
    seen: list[float] = []
    feed = Completion.feed

    def by_turns(talk: Conversation) -> None:
        talk.say(HEAD)
        for piece in (event(), event(), END, DONE):
            talk.say(chunked(piece, ended=False))
            go.acquire()
        talk.say(b"0\r\n\r\n")

    def watched(completion: Completion, chunk: bytes, seconds: float) -> None:
        seen.append(seconds)
        feed(completion, chunk, seconds)
        go.release()

    vllm.post("/v1/completions", by_turns)
    monkeypatch.setattr(Completion, "feed", watched)
    bird = Bird(vllm.url, model="tiny")
    assert bird.sing() == ""
    assert len(seen) == 4
    found = bird.counted()
    assert found['ragpulse_vllm_canary_time_to_first_token_seconds_sum{service="vllm"}'] == seen[0]
    gaps = found['ragpulse_vllm_canary_inter_token_latency_seconds_sum{service="vllm"}']
    assert gaps == pytest.approx(seen[2] - seen[0])


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
        pytest.param(speak(b"SSH-2.0\r\n"), "invalid", id="no HTTP"),
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
        pytest.param(stream(event(model="other"), DONE), "wrong_model", id="another model"),
        pytest.param(stream(b"data: {\n\n"), "invalid", id="no JSON"),
        pytest.param(stream(b"data: [1]\n\n"), "invalid", id="no object"),
        pytest.param(stream(event(choices=[7])), "invalid", id="no choice but a number"),
        pytest.param(stream(event() * 103, END, DONE), "too_large", id="more than was asked for"),
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


def test_all_reasons_exist_from_the_start() -> None:
    found = Bird("http://127.0.0.1:9").counted()
    names = {series for series in found if series.startswith("ragpulse_probe_failures_total")}
    assert names == {
        f'ragpulse_probe_failures_total{{service="vllm",check="canary",reason="{reason}"}}'
        for reason in (*REASONS, *CANARY_REASONS)
    }


def test_a_model_that_went_is_looked_up_anew(vllm: Replay) -> None:
    bird = Bird(vllm.url)
    bird.sing()
    vllm.post("/v1/completions", recorded("completion-unknown-model"))
    assert bird.sing() == "http_4xx"
    bird.sing()
    assert len(vllm.asked_for("/v1/models")) == 2


def test_a_server_without_a_model_is_a_wrong_one(vllm: Replay) -> None:
    vllm.get("/v1/models", reply_json({"data": []}))
    assert Bird(vllm.url).sing() == "wrong_model"


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

    def test_a_stream_that_stops_in_the_middle_is_a_timeout(self, vllm: Replay) -> None:
        def stops(talk: Conversation) -> None:
            talk.say(HEAD + chunked(event(), ended=False))
            hang(talk)

        vllm.post("/v1/completions", stops)
        assert Bird(vllm.url, QUICK, model="tiny").sing() == "timeout"

    def test_a_run_that_the_runner_cuts_counts_and_is_known(self, vllm: Replay) -> None:
        bird = Bird(vllm.url)
        bird.source.cut()
        assert failures(bird.source.counters()) == {("canary", "deadline"): 1}
        found = bird.record.last(bird.clock.clocks.awake(), 1.0)
        assert found is not None
        assert found.reason == "deadline"


class TestWithoutAKey:
    """The server asks for one and none is given."""

    def test_no_canaries_are_sent_and_that_is_said(self, vllm: Replay) -> None:
        vllm.post("/v1/completions", recorded("completion-wrong-key"))
        bird = Bird(vllm.url, model="tiny")
        assert bird.sing() == ""
        assert bird.enabled == 0
        assert "api_key_file" in bird.source.note
        assert requests(bird.source.counters()) == {"canary": 0}
        bird.clock.live(599.0)
        bird.sing()
        assert len(vllm.asked_for("/v1/completions")) == 1

    def test_after_ten_minutes_it_is_tried_again(self, vllm: Replay) -> None:
        vllm.get("/v1/models", recorded("models-no-key"))
        bird = Bird(vllm.url)
        bird.sing()
        vllm.get("/v1/models", recorded("models"))
        bird.clock.live(601.0)
        assert bird.sing() == ""
        assert bird.enabled == 1
        assert not bird.source.note
        assert requests(bird.source.counters()) == {"canary": 1}


class TestReadiness:
    """What /health and /v1/models say, and what the canary found."""

    @pytest.mark.parametrize(("reason", "ready"), [("", 1), ("saturated", 1), ("timeout", 0), ("stream_error", 0)])
    def test_a_200_counts_only_with_the_canary(self, vllm: Replay, reason: str, ready: int) -> None:
        vllm.get("/health", reply())
        bird = Bird(vllm.url)
        now = bird.clock.clocks.awake
        bird.record.put(Finding(now(), reason))
        service = Vllm(kind="vllm", nodes=("sark",), url=vllm.url)
        probe = vllm_probe(plan("vllm"), service, bird.record, now)
        assert by_series(probe.read())['ragpulse_service_ready{service="vllm"}'] == ready
        bird.clock.live(30.0)
        assert by_series(probe.read())['ragpulse_service_ready{service="vllm"}'] == 1


def test_a_server_that_is_gone_cannot_be_connected_to() -> None:
    with refusing_url() as url:
        assert Bird(url, model="tiny").sing() == "connect"


def names(cluster: dict[str, Any], node: str) -> list[str]:
    return [planned.source.name for planned in service_sources(Cluster.model_validate(cluster), node)]


def test_canaries_are_sent_by_those_who_probe_and_by_the_home_of_the_server() -> None:
    nodes = {name: {"address": f"127.0.0.{place}"} for place, name in enumerate(("sark", "clu", "tron"), 1)}
    service: dict[str, Any] = {"kind": "vllm", "nodes": ["sark", "clu"], "url": "http://127.0.0.1:1"}
    cluster = {"cluster": "c", "nodes": nodes, "services": {"vllm": service}}
    assert names(cluster, "sark") == ["vllm:vllm", "canary:vllm"]
    assert names(cluster, "tron") == ["probe:vllm", "canary:vllm"]
    assert names(cluster, "clu") == []
    service["canary"] = {"enabled": False}
    assert names(cluster, "sark") == ["vllm:vllm"]
