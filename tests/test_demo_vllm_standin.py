"""The stand-in answers in the shapes that a real vLLM 0.32.0 was recorded with, and counts exactly what it was sent.

Recordings: tests/captures/vllm_http.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from ragpulse.demo.vllm_standin import VERSION
from ragpulse.demo.vllm_standin.app import build
from ragpulse.demo.vllm_standin.engine import EngineSettings
from ragpulse.demo.vllm_standin.faults import Fault, told_by
from tests.fakes.asgi_server import served
from tests.fakes.running import until

CAPTURES = Path(__file__).parent / "captures" / "vllm_http"
BROKEN = (CAPTURES.parent / "vllm" / "http" / "completion-stream-broken.body").read_text(errors="replace")
KEY = {"Authorization": "Bearer sekret"}
FAST = EngineSettings(step_seconds=0.002)
ONE_SLOT = EngineSettings(max_num_seqs=1, step_seconds=0.02)
PROMPT = "What is kept for ninety days?"  # seven tokens
COMPLETIONS, CHAT = "/v1/completions", "/v1/chat/completions"


def client_of(settings: EngineSettings) -> Iterator[httpx.Client]:
    with (
        served(build("tiny", "sekret", settings)) as url,
        httpx.Client(base_url=url, headers=KEY, trust_env=False) as client,
    ):
        yield client


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    yield from client_of(FAST)


@pytest.fixture
def one_slot() -> Iterator[httpx.Client]:
    yield from client_of(ONE_SLOT)


def completion(**more: Any) -> dict[str, Any]:
    return {"model": "tiny", "prompt": PROMPT, "max_tokens": 4, **more}


LONG = completion(max_tokens=400, stream=True, ignore_eos=True)


def chat(**more: Any) -> dict[str, Any]:
    return {"model": "tiny", "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 4, **more}


def recorded(name: str) -> Any:
    return json.loads((CAPTURES / f"{name}.body").read_text())


def recorded_status(name: str) -> int:
    return int((CAPTURES / f"{name}.headers").read_text().split()[1])


def recorded_type(name: str) -> str | None:
    headers = (CAPTURES / f"{name}.headers").read_text()
    found = re.search(r"^content-type: (.*?)\r?$", headers, re.MULTILINE)
    return found[1] if found else None


def shape(value: Any) -> Any:
    """Keys in their order and the types of what they hold."""
    if isinstance(value, dict):
        return [(key, shape(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def events(body: str) -> list[Any]:
    parts = body.split("\n\n")
    assert parts.pop() == ""
    assert all(part.startswith("data: ") for part in parts)
    contents = [part.removeprefix("data: ") for part in parts]
    return [content if content == "[DONE]" else json.loads(content) for content in contents]


def families(client: httpx.Client) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(client.get("/metrics").text)}


def value(client: httpx.Client, sample: str, **labels: str) -> float:
    found = [
        one.value
        for family in families(client).values()
        for one in family.samples
        if one.name == sample and labels.items() <= one.labels.items()
    ]
    assert len(found) == 1, f"{sample}{labels}: {found}"
    return found[0]


# Shapes of answers


@pytest.mark.parametrize(
    ("path", "body", "capture"),
    [
        pytest.param(
            COMPLETIONS, completion(stream=True, stream_options={"include_usage": True}), "completion-stream",
            id="a completion that ends with its usage",
        ),
        pytest.param(CHAT, chat(stream=True), "chat-stream", id="a chat, which begins with the role"),
    ],
)  # fmt: skip
def test_a_stream_has_the_recorded_events_in_their_order(
    client: httpx.Client, path: str, body: dict[str, Any], capture: str
) -> None:
    answer = client.post(path, json=body)
    expected = events((CAPTURES / f"{capture}.body").read_text())
    assert shape(events(answer.text)) == shape(expected)
    assert answer.headers["content-type"] == recorded_type(capture)
    messages = events(answer.text)[:-1]
    assert len({message["id"] for message in messages}) == 1
    assert [message["object"] for message in messages] == [message["object"] for message in expected[:-1]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param(COMPLETIONS, completion(stream=True), id="a completion"),
        pytest.param(CHAT, chat(stream=True, stream_options={"include_usage": True}), id="a chat"),
    ],
)
def test_usage_comes_only_when_asked_for_and_then_last(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    *messages, done = events(client.post(path, json=body).text)
    assert done == "[DONE]"
    assert ["usage" in message for message in messages] == [False] * (len(messages) - 1) + ["stream_options" in body]
    assert ["system_fingerprint" in message for message in messages] == [False] * (len(messages) - 1) + [True]


def test_a_whole_completion_has_the_recorded_shape(client: httpx.Client) -> None:
    answer = client.post(COMPLETIONS, json=completion())
    assert shape(answer.json()) == shape(recorded("completion"))
    assert answer.json()["usage"]["prompt_tokens"] == 7
    assert answer.json()["usage"]["completion_tokens"] == 4


def test_streamed_or_not_and_run_after_run_a_prompt_gets_the_same_text(client: httpx.Client) -> None:
    whole = client.post(COMPLETIONS, json=completion(max_tokens=10)).json()["choices"][0]["text"]
    streamed = events(client.post(COMPLETIONS, json=completion(max_tokens=10, stream=True)).text)[:-1]
    assert "".join(message["choices"][0]["text"] for message in streamed) == whole
    assert len(whole.split()) == 10
    other = client.post(COMPLETIONS, json=completion(max_tokens=10, prompt="Another.")).json()
    assert other["choices"][0]["text"] != whole


def test_a_whole_chat_answers_as_the_assistant(client: httpx.Client) -> None:
    answer = client.post(CHAT, json=chat()).json()
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["role"] == "assistant"
    assert answer["usage"]["completion_tokens"] == 4


def test_an_answer_that_ends_by_itself_says_stop(client: httpx.Client) -> None:
    answer = client.post(COMPLETIONS, json=completion(max_tokens=400)).json()
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] < 400
    assert value(client, "vllm:request_success_total", finished_reason="stop") == 1


@pytest.mark.parametrize(
    ("body", "capture"),
    [
        pytest.param(b'{"model":}', "completion-bad-json", id="broken JSON"),
        pytest.param(json.dumps(completion(prompt="x" * 5600)).encode(), "completion-too-long", id="a long prompt"),
        pytest.param(json.dumps(completion(model="other")).encode(), "completion-unknown-model", id="another model"),
    ],
)
def test_a_refusal_is_word_for_word_the_recorded_one(client: httpx.Client, body: bytes, capture: str) -> None:
    answer = client.post(COMPLETIONS, content=body)
    assert answer.status_code == recorded_status(capture)
    assert answer.json() == recorded(capture)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param(COMPLETIONS, b"[]", 400, id="no object"),
        pytest.param(COMPLETIONS, b"\xff", 400, id="no UTF-8"),
        pytest.param(COMPLETIONS, b'{"model": "tiny"}', 400, id="no prompt"),
        pytest.param(COMPLETIONS, json.dumps(completion(max_tokens=0)).encode(), 400, id="no token wanted"),
        pytest.param(COMPLETIONS, json.dumps(completion(max_tokens=506)).encode(), 400, id="over the context"),
        pytest.param(COMPLETIONS, json.dumps(completion(max_tokens=505)).encode(), 200, id="the whole context"),
        pytest.param(CHAT, b'{"model": "tiny", "messages": []}', 400, id="a chat without a message"),
        pytest.param(COMPLETIONS, b" " * 300_000, 413, id="more than 256 KiB"),
    ],
)  # fmt: skip
def test_a_request_is_taken_or_refused_by_its_status(client: httpx.Client, path: str, body: bytes, status: int) -> None:
    answer = client.post(path, content=body)
    assert answer.status_code == status
    if status == 400:
        assert shape(answer.json()) == shape(recorded("completion-bad-json"))


def test_only_v1_asks_for_the_key(client: httpx.Client) -> None:
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}, {"Authorization": "sekret"}):
        for path in ("/v1/models", "/v1/completions", "/v1/nothing"):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.json()) == (401, recorded("models-no-key"))
    assert {client.get(path, headers={"Authorization": ""}).status_code for path in ("/health", "/ping")} == {200}
    assert client.get("/metrics", headers={"Authorization": ""}).status_code == 200


def test_health_is_200_and_empty(client: httpx.Client) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.content) == (recorded_status("health"), b"")
    assert answer.headers.get("content-type") == recorded_type("health")


def test_it_says_who_it_is(client: httpx.Client) -> None:
    models = client.get("/v1/models").json()
    assert shape(models) == shape(recorded("models"))
    assert (models["data"][0]["id"], models["data"][0]["owned_by"]) == ("tiny", "ragpulse demo stand-in")
    assert client.get("/version").json() == {"version": VERSION} == {"version": "0.32.0+ragpulse.standin"}


# The metrics page


def test_every_family_has_the_type_labels_and_buckets_of_the_recorded_page(client: httpx.Client) -> None:
    client.post(COMPLETIONS, json=completion()).raise_for_status()
    real = {
        family.name: family for family in text_string_to_metric_families((CAPTURES / "metrics-load.prom").read_text())
    }
    ours = families(client)
    assert ours.keys() <= real.keys()
    assert "vllm:iteration_tokens_total" in ours
    for name, family in ours.items():
        assert family.type == real[name].type
        if name == "vllm:cache_config_info":
            assert family.samples[0].labels.keys() <= real[name].samples[0].labels.keys()
        elif not name.startswith("http_"):
            assert [labelled(one) for one in family.samples] == [labelled(one) for one in real[name].samples], name
        else:
            assert family.samples[0].labels.keys() == real[name].samples[0].labels.keys()


def labelled(sample: Any) -> tuple[str, dict[str, str]]:
    return sample.name, sample.labels


def test_the_page_is_of_the_type_that_0_32_0_sends(client: httpx.Client) -> None:
    for accept in ("*/*", "application/openmetrics-text"):
        answer = client.get("/metrics", headers={"Accept": accept})
        assert answer.headers["content-type"] == "text/plain; version=1.0.0; charset=utf-8"
        assert "content-encoding" not in answer.headers


def test_before_the_first_request_every_engine_series_is_there_at_zero(client: httpx.Client) -> None:
    page = families(client)
    values = {
        one.value
        for name, family in page.items()
        if not name.endswith(("_created", "_info"))
        for one in family.samples
        if not one.name.endswith("_created")
    }
    assert values == {0.0}
    reasons = {one.labels["finished_reason"] for one in page["vllm:request_success"].samples}
    assert reasons == {"stop", "length", "abort", "error", "repetition"}
    assert page["http_requests"].samples == []


def test_the_page_counts_exactly_what_was_served(client: httpx.Client) -> None:
    for _ in range(3):
        client.post(COMPLETIONS, json=completion(max_tokens=5, stream=True)).raise_for_status()
    client.post(CHAT, json=chat(max_tokens=9)).raise_for_status()
    chat_prompt = client.post(CHAT, json=chat(max_tokens=1)).json()["usage"]["prompt_tokens"]
    prompts, generated = 3 * 7 + 2 * chat_prompt, 3 * 5 + 9 + 1
    assert value(client, "vllm:prompt_tokens_total") == prompts
    assert value(client, "vllm:generation_tokens_total") == generated
    assert value(client, "vllm:iteration_tokens_total_sum") == prompts + generated
    assert value(client, "vllm:iteration_tokens_total_count") == generated  # one at a time: a step for each token
    assert value(client, "vllm:time_to_first_token_seconds_count") == 5
    assert value(client, "vllm:inter_token_latency_seconds_count") == generated - 5
    assert value(client, "vllm:e2e_request_latency_seconds_count") == 5
    assert value(client, "vllm:request_queue_time_seconds_count") == 5
    assert value(client, "vllm:request_success_total", finished_reason="length") == 5
    assert value(client, "vllm:num_requests_running") == 0
    assert value(client, "vllm:kv_cache_usage_perc") == 0


def test_http_requests_are_counted_by_handler_and_class_of_status(client: httpx.Client) -> None:
    client.post(COMPLETIONS, json=completion()).raise_for_status()
    client.post(COMPLETIONS, content=b"{")
    client.post(COMPLETIONS, json=completion(model="other"))
    client.get("/v1/models")
    client.get("/v1/models", headers={"Authorization": "Bearer wrong"})  # refused before it is counted
    client.get("/no/such/page")
    client.get("/health")
    counted = {
        (one.labels["handler"], one.labels["method"], one.labels["status"]): one.value
        for one in families(client)["http_requests"].samples
        if one.name == "http_requests_total"
    }
    assert counted == {
        (COMPLETIONS, "POST", "2xx"): 1,
        (COMPLETIONS, "POST", "4xx"): 2,
        ("/v1/models", "GET", "2xx"): 1,
        ("none", "GET", "4xx"): 1,
    }


# The engine


def test_more_requests_than_slots_wait_and_the_wait_shows_in_their_times(one_slot: httpx.Client) -> None:
    def ask() -> None:
        httpx.post(one_slot.base_url.join(COMPLETIONS), json=completion(), headers=KEY, trust_env=False)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    with one_slot.stream("POST", COMPLETIONS, json=LONG) as holder:
        lines = holder.iter_lines()  # kept, because the connection is closed with it
        next(lines)
        for thread in threads:
            thread.start()
        until(lambda: value(one_slot, "vllm:num_requests_waiting") == 2, "two that wait")
        both_wait = time.monotonic()
        assert value(one_slot, "vllm:num_requests_running") == 1
        assert value(one_slot, "vllm:kv_cache_usage_perc") > 0
        until(lambda: time.monotonic() - both_wait > 0.2, "a wait to be measured")
        waited = time.monotonic() - both_wait
    for thread in threads:
        thread.join(10)
    assert value(one_slot, "vllm:request_queue_time_seconds_count") == 2
    assert value(one_slot, "vllm:request_queue_time_seconds_sum") > 2 * waited
    assert value(one_slot, "vllm:e2e_request_latency_seconds_sum") > 2 * waited
    assert value(one_slot, "vllm:time_to_first_token_seconds_sum") > 2 * waited
    assert value(one_slot, "vllm:request_success_total", finished_reason="length") == 2


def test_a_longer_prompt_takes_longer_to_its_first_token() -> None:
    settings = EngineSettings(step_seconds=0.001, prefill_seconds_per_token=0.001)
    with served(build("tiny", None, settings)) as url, httpx.Client(base_url=url, trust_env=False) as client:
        client.post(COMPLETIONS, json=completion(prompt="word " * 300, max_tokens=1)).raise_for_status()
        assert value(client, "vllm:time_to_first_token_seconds_sum") >= 0.3


@pytest.mark.parametrize("stream", [pytest.param(True, id="mid-stream"), pytest.param(False, id="before an answer")])
def test_a_client_that_goes_away_frees_its_slot_at_once(one_slot: httpx.Client, stream: bool) -> None:  # noqa: FBT001
    body = completion(max_tokens=400, stream=stream, ignore_eos=True)
    timeout = httpx.Timeout(5, read=0.2)
    with (
        nullcontext() if stream else pytest.raises(httpx.ReadTimeout),
        httpx.Client(base_url=one_slot.base_url, headers=KEY, trust_env=False, timeout=timeout) as leaver,
        leaver.stream("POST", COMPLETIONS, json=body) as response,
    ):
        lines = response.iter_lines()  # kept, because the connection is closed with it
        next(lines)
        assert value(one_slot, "vllm:num_requests_running") == 1
    until(lambda: value(one_slot, "vllm:num_requests_running") == 0, "a free slot", seconds=5)
    tokens = value(one_slot, "vllm:generation_tokens_total")
    assert tokens < 400  # it would have taken eight seconds
    # As in 0.32.0, an abort shows in no finished count.
    assert value(one_slot, "vllm:request_success_total", finished_reason="abort") == 0
    assert value(one_slot, "vllm:e2e_request_latency_seconds_count") == 0
    one_slot.post(COMPLETIONS, json=completion()).raise_for_status()
    assert value(one_slot, "vllm:generation_tokens_total") == tokens + 4


def test_a_client_that_goes_away_while_it_waits_leaves_the_queue(one_slot: httpx.Client) -> None:
    with one_slot.stream("POST", COMPLETIONS, json=LONG) as first:
        lines = first.iter_lines()
        next(lines)
        with pytest.raises(httpx.ReadTimeout):
            one_slot.post(COMPLETIONS, json=completion(), timeout=0.2)
        until(lambda: value(one_slot, "vllm:num_requests_waiting") == 0, "an empty queue", seconds=5)
    until(lambda: value(one_slot, "vllm:num_requests_running") == 0, "a free slot", seconds=5)
    assert value(one_slot, "vllm:request_success_total", finished_reason="length") == 0


# What it does wrong when it is told to


@dataclass
class Told:
    """What the stand-in is told, changed while it runs."""

    fault: Fault | None = None

    def __call__(self) -> Fault | None:
        return self.fault


@contextmanager
def told_client(settings: EngineSettings) -> Iterator[tuple[Told, httpx.Client]]:
    told = Told()
    with (
        served(build("tiny", "sekret", settings, told)) as url,
        httpx.Client(base_url=url, headers=KEY, trust_env=False) as client,
    ):
        yield told, client


def test_hung_it_answers_health_and_models_with_frozen_figures_and_gives_no_token_until_it_is_mended() -> None:
    with told_client(ONE_SLOT) as (told, client), client.stream("POST", COMPLETIONS, json=LONG) as stuck:
        lines = stuck.iter_lines()
        next(lines)
        told.fault = Fault.HANG
        with pytest.raises(httpx.ReadTimeout):
            client.post(COMPLETIONS, json=completion(), timeout=0.3)
        assert {client.get(path).status_code for path in ("/health", "/v1/models")} == {200}
        frozen = page_of(client)
        with pytest.raises(httpx.ReadTimeout):
            client.post(COMPLETIONS, json=completion(), timeout=0.3)
        assert page_of(client) == frozen
        assert value(client, "vllm:num_requests_running") == 1
        told.fault = None
        until(lambda: value(client, "vllm:generation_tokens_total") > frozen["vllm:generation_tokens_total"], "tokens")


def page_of(client: httpx.Client) -> dict[str, float]:
    """What the engine says, by sample name; the stand-in has one series of each that moves here."""
    return {
        one.name: one.value
        for name, family in families(client).items()
        if name.startswith("vllm:")
        for one in family.samples
        if not one.labels.keys() - {"model_name", "engine"}
    }


def test_a_failed_engine_says_so_in_an_event_inside_200_as_recorded_or_by_500_before_it() -> None:
    with told_client(FAST) as (told, client):
        told.fault = Fault.STREAM_ERROR
        streamed = client.post(COMPLETIONS, json=completion(stream=True))
        first, failed, done = events(streamed.text)
        assert (streamed.status_code, shape(first)) == (200, shape(events(BROKEN)[0]))
        assert (failed, done) == (events(BROKEN)[-2], "[DONE]")
        whole = client.post(COMPLETIONS, json=completion())
        assert (whole.status_code, whole.json()) == (500, failed)


def test_told_to_keep_no_queue_it_refuses_whoever_would_wait_and_counts_that() -> None:
    with told_client(ONE_SLOT) as (told, client), client.stream("POST", COMPLETIONS, json=LONG) as holder:
        lines = holder.iter_lines()
        next(lines)
        told.fault = Fault.REJECT
        refused = client.post(COMPLETIONS, json=completion())
        assert (refused.status_code, shape(refused.json())) == (503, shape(events(BROKEN)[-2]))
        assert value(client, "vllm:admission_rejections_total", reason="max_num_queued_reqs") == 1
        assert value(client, "http_requests_total", handler=COMPLETIONS, status="5xx") == 1
        assert value(client, "vllm:num_requests_waiting") == 0


@pytest.mark.parametrize(("fault", "failed"), [(Fault.SOME_ERRORS, [20]), (Fault.MANY_ERRORS, [4, 8, 12, 16, 20])])
def test_told_to_make_errors_it_fails_every_twentieth_or_every_fourth_request(fault: Fault, failed: list[int]) -> None:
    with told_client(FAST) as (told, client):
        told.fault = fault
        statuses = [client.post(COMPLETIONS, json=completion(max_tokens=1)).status_code for _ in range(20)]
        assert [number for number, status in enumerate(statuses, 1) if status == 500] == failed
        assert set(statuses) == {200, 500}


@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.SATURATE])
def test_its_steps_take_eight_times_as_long(fault: Fault) -> None:
    with told_client(FAST) as (told, client):
        told.fault = fault
        client.post(COMPLETIONS, json=completion(max_tokens=9)).raise_for_status()
        assert value(client, "vllm:inter_token_latency_seconds_sum") > 7 * 8 * FAST.step_seconds


def test_saturated_it_serves_one_after_the_other() -> None:
    with told_client(EngineSettings(max_num_seqs=4, step_seconds=0.01)) as (told, client):
        told.fault = Fault.SATURATE
        with client.stream("POST", COMPLETIONS, json=LONG) as first:
            lines = first.iter_lines()
            next(lines)
            with pytest.raises(httpx.ReadTimeout):
                client.post(COMPLETIONS, json=completion(), timeout=0.3)
            assert value(client, "vllm:num_requests_running") == 1


def test_what_is_wrong_is_read_from_a_file_and_another_word_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "vllm"
    told = told_by(file)
    assert told() is None
    for word, fault in (("hang", Fault.HANG), ("reject\n", Fault.REJECT), ("sing", None), ("h\u00e4ng", None)):
        file.write_text(word)
        assert told() is fault
