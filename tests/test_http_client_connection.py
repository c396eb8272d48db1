"""One connection is kept for a service, across runs, and renewed when there is a reason to."""

import gc
from pathlib import Path

import pytest

from exporters.http_client import HttpClient, Unanswered, WrongAnswer
from exporters.http_kept import MAX_AGE
from exporters.probe import ServiceProbe
from tests.fakes.certificates import Authority
from tests.fakes.http_replay import Behaviour, Conversation, Replay, drip, hang, reply, speak
from tests.fakes.readings import by_series
from tests.fakes.watched import plan

QUICK, PATIENT = 0.3, 10.0
RUNS = 200


def close_unannounced(conversation: Conversation) -> None:
    reply(body=b"well")(conversation)
    conversation.hang_up()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("is_secure", [False, True], ids=["HTTP", "HTTPS"])
def test_200_runs_are_one_connection_and_one_descriptor(
    replay: Replay, authority: Authority, *, is_secure: bool
) -> None:
    url, tls = replay.url, None
    if is_secure:
        replay.wrap(authority.issue().served())
        url, tls = url.replace("http:", "https:"), authority.trusted()
    replay.get("/", reply(body=b"well"))
    client = HttpClient(url, timeout=PATIENT, tls=tls)
    probe = ServiceProbe(plan("http"), client, {"response": lambda: client.get("/").expect()}, "response")
    list(probe.read())
    before = descriptors()
    for _ in range(RUNS - 1):
        assert by_series(probe.read())['ragpulse_service_ready{service="http"}'] == 1
    assert descriptors() <= before  # fewer when another test's end of a connection goes meanwhile
    assert (len(replay.asked), replay.connections) == (RUNS, 1)


def test_a_client_that_is_dropped_closes_its_connection(replay: Replay) -> None:
    replay.get("/", reply())
    client = HttpClient(replay.url, timeout=PATIENT)
    client.get("/")
    connection = client._kept._connection
    assert connection is not None
    assert not connection.is_closed()
    del client
    gc.collect()
    assert connection.is_closed()


def test_a_kept_connection_that_the_server_closed_is_replaced_and_no_failure(replay: Replay) -> None:
    replay.get("/", close_unannounced)
    client = HttpClient(replay.url, timeout=PATIENT)
    for _ in range(100):
        with client:
            assert client.get("/").body == b"well"
    assert replay.connections == 100


def test_a_request_that_a_kept_connection_lost_is_asked_once_more_and_not_again(replay: Replay) -> None:
    replay.get("/", reply())
    replay.post("/search", speak(b""))
    with HttpClient(replay.url, timeout=PATIENT) as client:
        client.get("/")
        with pytest.raises(Unanswered) as failure:
            client.request("POST", "/search", json_body={"query": "x"})
    assert failure.value.reason == "connect"
    assert len(replay.asked_for("/search")) == 2


def test_an_answer_that_has_begun_is_never_asked_for_again(replay: Replay) -> None:
    replay.get("/", reply())
    replay.get("/cut", speak(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"))
    with HttpClient(replay.url, timeout=PATIENT) as client:
        client.get("/")
        with pytest.raises(Unanswered):
            client.get("/cut")
    assert len(replay.asked_for("/cut")) == 1


@pytest.mark.parametrize(
    ("age", "connections"), [(MAX_AGE, 1), (MAX_AGE + 0.001, 2)], ids=["at its age", "beyond its age"]
)
def test_a_connection_is_renewed_once_it_is_too_old(replay: Replay, age: float, connections: int) -> None:
    now = [1000.0]
    replay.get("/", reply())
    client = HttpClient(replay.url, timeout=PATIENT, clock=lambda: now[0])
    client.get("/")
    now[0] += age
    client.get("/")
    assert replay.connections == connections


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hang, id="no answer"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"), id="a slow answer"),
        pytest.param(speak(b"220 mail.example ESMTP\r\n\r\n"), id="no HTTP"),
        pytest.param(reply(body=b"x" * 100), id="an answer that is too large"),
        pytest.param(reply(body=b"x", Content_Encoding="br"), id="an answer that cannot be unpacked"),
    ],
)
def test_a_failure_ends_the_connection(replay: Replay, behaviour: Behaviour) -> None:
    replay.get("/bad", behaviour)
    replay.get("/", reply())
    client = HttpClient(replay.url, timeout=QUICK, max_body=50)
    with pytest.raises((Unanswered, WrongAnswer)):
        client.get("/bad")
    assert client.get("/").status == 200
    assert replay.connections == 2


@pytest.mark.parametrize(
    ("status", "connections"),
    [(500, 2), (503, 2), (404, 1), (401, 1)],
    ids=["a fault", "a sick process behind a balancer", "an unknown page", "a wrong key"],
)
def test_a_fault_of_the_server_ends_the_connection_and_a_refusal_does_not(
    replay: Replay, status: int, connections: int
) -> None:
    replay.get("/bad", reply(status))
    replay.get("/", reply())
    client = HttpClient(replay.url, timeout=PATIENT)
    client.get("/bad")
    client.get("/")
    assert replay.connections == connections


def test_what_follows_an_answer_is_not_taken_for_the_next_one(replay: Replay) -> None:
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    replay.get("/", speak(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue" + forged))
    client = HttpClient(replay.url, timeout=PATIENT)
    assert [client.get("/").body for _ in range(3)] == [b"true"] * 3
    assert replay.connections == 3
