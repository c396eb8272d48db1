"""The HTTP probe: an expected status is ready, any other answer is up, and each way to fail has its reason."""

import pytest

from exporters.http_probe import http_probe
from exporters.probe import ServiceProbe
from ragpulse.services import Http, HttpExpect
from tests.fakes.http_replay import Behaviour, Conversation, Replay, drip, flood, hang, refusing_url, reply, speak
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import PATIENT, QUICK, plan


def states(probe: ServiceProbe) -> tuple[float, float]:
    """(up, ready) of one run."""
    found = by_series(probe.read())
    return found['ragpulse_service_up{service="http"}'], found['ragpulse_service_ready{service="http"}']


def probe_of(url: str, request_timeout: float = PATIENT, expect: tuple[int, ...] = (200,)) -> ServiceProbe:
    service = Http(kind="http", nodes=("sark",), url=url, expect=HttpExpect(status=expect))
    return http_probe(plan("http", request_timeout=request_timeout, response=PATIENT), service)


def test_the_expected_status_is_ready_and_counted_within_the_target(replay: Replay) -> None:
    replay.get("/app/", reply(200, b"hello"))
    probe = probe_of(replay.url + "/app/")
    assert states(probe) == (1, 1)
    counters = by_series(probe.counters())
    assert counters['ragpulse_probe_within_target_total{service="http",check="response"}'] == 1
    assert requests(probe.counters()) == {"response": 1}


def test_a_status_that_is_expected_is_good_whatever_it_is(replay: Replay) -> None:
    replay.get("/", reply(401))
    assert states(probe_of(replay.url, expect=(200, 401))) == (1, 1)


@pytest.mark.parametrize(
    ("behaviour", "state", "reason"),
    [
        pytest.param(reply(204), (1, 0), "invalid", id="another success"),
        pytest.param(reply(302, Location="/"), (1, 0), "redirect", id="a redirect, which is not followed"),
        pytest.param(reply(403), (1, 0), "auth", id="a refusal"),
        pytest.param(reply(404), (1, 0), "http_4xx", id="an unknown page"),
        pytest.param(reply(502), (1, 0), "http_5xx", id="a gateway without its service"),
        pytest.param(flood(100 * 1024 * 1024), (1, 0), "too_large", id="a body of 100 MB"),
        pytest.param(hang, (0, 0), "timeout", id="one that hangs"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"), (0, 0), "timeout", id="a slow drip"),
        pytest.param(speak(b""), (0, 0), "connect", id="one that hangs up"),
        pytest.param(speak(b"\x15\x03\x01\x00\r\n\r\n"), (0, 0), "invalid", id="one that speaks TLS here"),
    ],
)
def test_every_way_to_be_unwell_has_its_reason(
    replay: Replay, behaviour: Behaviour, state: tuple[int, int], reason: str
) -> None:
    replay.get("/", behaviour)
    probe = probe_of(replay.url, QUICK if reason == "timeout" else PATIENT)
    assert states(probe) == state
    assert failures(probe.counters()) == {("response", reason): 1}


def test_a_port_on_which_nobody_listens_is_a_failed_connection() -> None:
    with refusing_url() as url:
        probe = probe_of(url)
        assert states(probe) == (0, 0)
    assert failures(probe.counters()) == {("response", "connect"): 1}


def test_an_outcome_that_comes_after_the_runner_gave_up_is_not_counted(replay: Replay) -> None:
    probe = probe_of(replay.url)

    def answer_late(talk: Conversation) -> None:
        probe.cut()
        reply(200)(talk)

    replay.get("/", answer_late)
    states(probe)
    assert requests(probe.counters()) == {"response": 1}
    assert failures(probe.counters()) == {("response", "deadline"): 1}
