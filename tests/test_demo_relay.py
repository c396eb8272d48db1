"""The relay of the demo, between a real client of ours and a real server."""

import pytest

from exporters.http_client import HttpClient, Unanswered
from ragpulse.demo.relay import relay
from tests.fakes.http_replay import Replay, refusing_url, reply

PATIENT = 10.0


def test_a_lost_connection_is_one_failure_and_the_next_is_well(replay: Replay) -> None:
    replay.get("/health", reply(body=b"well"))
    with relay(replay.url) as way:
        client = HttpClient(way.url, timeout=PATIENT)
        assert client.get("/health").body == b"well"
        way.lose(b"GET /health")
        assert not way.has_lost
        with pytest.raises(Unanswered):
            client.get("/health")
        assert way.has_lost
        assert client.get("/health").body == b"well"
    assert len(replay.asked) == 2, "what is lost never reaches the server"


def test_only_the_question_that_is_named_is_lost(replay: Replay) -> None:
    replay.get("/ready", reply(body=b"ready"))
    with relay(replay.url) as way:
        way.lose(b"GET /health")
        assert HttpClient(way.url, timeout=PATIENT).get("/ready").body == b"ready"
        assert not way.has_lost


def test_it_outlives_what_it_relays_to() -> None:
    with refusing_url() as url, relay(url) as way:
        client = HttpClient(way.url, timeout=PATIENT)
        for _ in range(2):
            with pytest.raises(Unanswered):
                client.get("/health")
