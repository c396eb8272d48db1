"""Requests are bounded in time and size, and each way to fail has its own name."""

import time

import pytest

from exporters.http_client import Answer, HttpClient, Unanswered, WrongAnswer
from exporters.http_names import Names
from tests.fakes.http_replay import (
    Behaviour,
    Conversation,
    Replay,
    drip,
    hang,
    refusing_url,
    reply,
    reply_json,
    speak,
)

TIMEOUT = 0.3
BOUND = 3.0  # generous: a busy machine is no failure, an unbounded request is

NO_ANSWER = [
    pytest.param(hang, "timeout", id="a server that never answers"),
    pytest.param(drip(b"HTTP/1.1 200 OK\r\nX-Long: "), "timeout", id="a header that never ends"),
    pytest.param(
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"), "timeout", id="a body that comes byte by byte"
    ),
    pytest.param(speak(b""), "connect", id="a connection closed without a word"),
    pytest.param(
        speak(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"), "connect", id="a connection closed in mid-answer"
    ),
    pytest.param(speak(b"<html>old</html>"), "invalid", id="a page without a head, as in HTTP/0.9"),
    pytest.param(speak(b"HTT"), "connect", id="a connection closed in the first word"),
    pytest.param(speak(b"220 mail.example ESMTP\r\n\r\n"), "invalid", id="a server that does not speak HTTP"),
]
STATUSES = [
    (301, "redirect"), (302, "redirect"), (303, "redirect"), (300, "invalid"), (307, "redirect"), (308, "redirect"),
    (401, "auth"), (403, "auth"), (404, "http_4xx"), (407, "auth"), (429, "http_4xx"), (500, "http_5xx"),
    (503, "http_5xx"), (999, "invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("behaviour", "reason"), NO_ANSWER)
def test_no_answer_has_a_reason_and_comes_in_time(replay: Replay, behaviour: Behaviour, reason: str) -> None:
    replay.get("/", behaviour)
    start = time.monotonic()
    with HttpClient(replay.url, timeout=TIMEOUT) as client, pytest.raises(Unanswered) as failure:
        client.get("/")
    assert failure.value.reason == reason
    assert time.monotonic() - start < BOUND


def test_a_port_on_which_nobody_listens_is_a_failed_connection() -> None:
    with refusing_url() as url, HttpClient(url, timeout=TIMEOUT) as client, pytest.raises(Unanswered) as failure:
        client.get("/")
    assert failure.value.reason == "connect"


@pytest.mark.parametrize(("status", "reason"), STATUSES)
def test_a_status_that_is_no_success_is_an_answer_with_a_reason(replay: Replay, status: int, reason: str) -> None:
    replay.get("/", reply(status, b"no", Location="/elsewhere"))
    with HttpClient(replay.url, timeout=BOUND) as client:
        answer = client.get("/")
    with pytest.raises(WrongAnswer) as failure:
        answer.expect()
    assert (answer.status, answer.body, failure.value.reason) == (status, b"no", reason)
    assert len(replay.asked) == 1


def test_a_status_that_is_expected_is_good_and_another_success_is_not() -> None:
    assert Answer(307, b"", 0.1).expect(307).status == 307
    with pytest.raises(WrongAnswer, match="HTTP 200") as failure:
        Answer(200, b"", 0.1).expect(204)
    assert failure.value.reason == "invalid"


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000], ids=["empty", "HTML", "no text", "deep"])
def test_a_body_that_is_not_json_is_a_wrong_answer(body: bytes) -> None:
    with pytest.raises(WrongAnswer) as failure:
        Answer(200, body, 0.1).json()
    assert failure.value.reason == "invalid"


def test_json_that_is_no_object_is_a_wrong_answer() -> None:
    with pytest.raises(WrongAnswer, match="not a JSON object"):
        Answer(200, b"[]", 0.1).mapping()


def test_a_server_that_never_answers_on_a_fresh_connection_is_asked_once(replay: Replay) -> None:
    replay.get("/", speak(b""))
    with HttpClient(replay.url, timeout=BOUND) as client, pytest.raises(Unanswered) as failure:
        client.get("/")
    assert failure.value.reason == "connect"
    assert len(replay.asked_for("/")) == 1


def test_the_requests_of_one_block_share_its_budget(replay: Replay) -> None:
    replay.get("/", reply())
    replay.get("/hangs", hang)
    start = time.monotonic()
    with HttpClient(replay.url, timeout=BOUND, budget=TIMEOUT) as client:
        client.get("/")
        for path in ("/hangs", "/"):
            with pytest.raises(Unanswered) as failure:
                client.get(path)
            assert failure.value.reason == "timeout"
    assert time.monotonic() - start < BOUND


def test_json_is_sent_with_its_content_type(replay: Replay) -> None:
    replay.post("/search", reply_json({}))
    with HttpClient(replay.url, timeout=BOUND) as client:
        client.request("POST", "/search", json_body={"query": "ä"})
    (asked,) = replay.asked
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.body == b'{"query": "\\u00e4"}'


@pytest.mark.parametrize(
    ("base", "path", "asked"),
    [
        pytest.param("", "/v1/health/", "/v1/health/", id="a slash at the end is kept"),
        pytest.param("/api/", "/health", "/api/health", id="a base path comes first, with one slash between"),
        pytest.param("/app/?full=1", "", "/app/?full=1", id="without a path the URL is asked as written"),
        pytest.param("", "", "/", id="a bare host is asked for its root"),
        pytest.param("/d é", "", "/d%20%C3%A9", id="odd characters are encoded"),
    ],
)
def test_urls_are_asked_as_the_cluster_file_writes_them(replay: Replay, base: str, path: str, asked: str) -> None:
    with HttpClient(replay.url + base, timeout=BOUND) as client:
        client.get(path)
    assert [request.path for request in replay.asked] == [asked]


def test_the_time_of_an_answer_runs_from_the_request_and_not_from_the_look_up(replay: Replay) -> None:
    """On a fresh connection and on a kept one alike."""
    now = [0.0]

    def slow_resolver(_host: str, _port: int) -> list[str]:
        now[0] += 50
        return ["127.0.0.1"]

    def slow_service(conversation: Conversation) -> None:
        now[0] += 2
        reply()(conversation)

    replay.get("/", slow_service)
    url = replay.url.replace("127.0.0.1", "sark.example")
    with HttpClient(url, timeout=100.0, clock=lambda: now[0], names=Names(slow_resolver)) as client:
        assert [client.get("/").seconds, client.get("/").seconds] == [2, 2]
    assert now == [54]
