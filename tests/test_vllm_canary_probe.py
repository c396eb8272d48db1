"""The canary on recorded answers of a real 0.32.0: what it asks, what it measures, who hears of it."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from exporters.canary_record import Finding
from exporters.http_client import Answer
from exporters.service_sources import service_sources
from exporters.vllm_completion import Completion
from exporters.vllm_felt import Felt
from exporters.vllm_probe import vllm_probe
from ragpulse.catalogue.service import REASONS
from ragpulse.catalogue.vllm_canary import CANARY_REASONS
from ragpulse.inventory import Cluster
from ragpulse.services import Canary, Vllm
from tests.fakes.bird import Bird
from tests.fakes.completion_stream import DONE, END, HEAD, STREAM, chunked, cut_at, event, stream
from tests.fakes.http_replay import Conversation, Replay, reply, reply_json
from tests.fakes.readings import by_series, requests
from tests.fakes.watched import plan
from tests.test_vllm_probe import KEY, recorded


def test_a_recorded_stream_is_a_good_canary_with_its_tokens_and_times(vllm: Replay) -> None:
    bird = Bird(vllm.url)
    assert bird.sing() == ""
    found = bird.counted()
    assert found['ragpulse_vllm_canary_tokens_total{service="vllm"}'] == 4
    assert found['ragpulse_vllm_canary_good_total{service="vllm"}'] == 1
    assert found['ragpulse_probe_requests_total{service="vllm",check="canary"}'] == 1
    for what, count in {"connect": 1, "time_to_first_token": 1, "inter_token_latency": 3, "e2e_latency": 1}.items():
        assert found[f'ragpulse_vllm_canary_{what}_seconds_count{{service="vllm"}}'] == count


@pytest.mark.parametrize("step", [1, 7, 64])
def test_chunks_may_cut_it_anywhere(vllm: Replay, step: int) -> None:
    vllm.post("/v1/completions", stream(*cut_at(STREAM, list(range(step, len(STREAM), step)))))
    bird = Bird(vllm.url)
    assert bird.sing() == ""
    assert bird.counted()['ragpulse_vllm_canary_inter_token_latency_seconds_count{service="vllm"}'] == 3


@pytest.mark.parametrize(
    ("ttft", "gaps", "targets", "good"),
    [
        (0.5, [0.1, 0.1], (0.5, 0.1), 1),
        (0.6, [0.1, 0.1], (0.5, 0.1), 0),
        (0.6, [0.1, 0.1], (None, 0.1), 1),
        (0.5, [0.01, 0.15], (0.5, 0.1), 1),
        (0.5, [0.1, 0.3], (0.5, 0.1), 0),
        (0.5, [0.1, 0.3], (0.5, None), 1),
        (0.5, [], (0.5, 0.1), 1),
    ],
)
def test_goodput_is_what_met_every_target_that_applies(
    ttft: float, gaps: list[float], targets: tuple[float | None, float | None], good: int
) -> None:
    felt = Felt("vllm", *targets)
    felt.add(Completion(max_events=9, ttft=ttft, gaps=gaps, tokens=3), Answer(200, b"", 1.0, connecting=0.01))
    found = by_series(felt.samples())
    assert found['ragpulse_vllm_canary_good_total{service="vllm"}'] == good
    within = found['ragpulse_vllm_canary_inter_token_latency_seconds_bucket{service="vllm",le="0.1"}']
    assert within == sum(gap <= 0.1 for gap in gaps)


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


def test_each_opens_a_connection_of_its_own_though_the_server_keeps_it(vllm: Replay) -> None:
    vllm.post("/v1/completions", reply(body=STREAM))
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
        for said in (HEAD, *(chunked(piece, ended=False) for piece in (event(), event(), END, DONE))):
            talk.say(said)
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
    assert len(seen) == 5
    found = bird.counted()
    assert found['ragpulse_vllm_canary_time_to_first_token_seconds_sum{service="vllm"}'] == seen[1]
    gaps = found['ragpulse_vllm_canary_inter_token_latency_seconds_sum{service="vllm"}']
    assert gaps == pytest.approx(seen[3] - seen[1])


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


class TestNames:
    """vLLM answers to several names, and calls itself by the first."""

    @pytest.fixture
    def vllm(self, vllm: Replay) -> Replay:
        vllm.post("/v1/completions", stream(STREAM.replace(b'"tiny"', b'"big"')))
        return vllm

    def offers(self, vllm: Replay, **roots: str | None) -> None:
        vllm.get("/v1/models", reply_json({"data": [{"id": name, "root": root} for name, root in roots.items()]}))

    def test_another_name_of_the_asked_model_is_no_other_model(self, vllm: Replay) -> None:
        self.offers(vllm, big="/m", tiny="/m")
        bird = Bird(vllm.url, model="tiny")
        assert [bird.sing(), bird.sing()] == ["", ""]
        assert len(vllm.asked_for("/v1/models")) == 1

    @pytest.mark.parametrize(
        "roots",
        [{"big": "/m", "tiny": "/a"}, {"big": None, "tiny": None}, {"big": "/m"}, {}],
        ids=["another root", "no roots", "it alone", "nothing"],
    )
    def test_without_the_same_root_it_is_a_wrong_one(self, vllm: Replay, roots: dict[str, str | None]) -> None:
        self.offers(vllm, **roots)
        assert Bird(vllm.url, model="tiny").sing() == "wrong_model"

    def test_a_model_that_took_the_place_of_another_is_asked_next(self, vllm: Replay) -> None:
        vllm.post("/v1/completions", stream(STREAM))
        bird = Bird(vllm.url)
        assert bird.sing() == ""
        self.offers(vllm, big="/m")
        vllm.post("/v1/completions", stream(STREAM.replace(b'"tiny"', b'"big"')))
        assert [bird.sing(), bird.sing()] == ["wrong_model", ""]


def test_a_server_without_a_model_is_a_wrong_one(vllm: Replay) -> None:
    vllm.get("/v1/models", reply_json({"data": []}))
    assert Bird(vllm.url).sing() == "wrong_model"


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
