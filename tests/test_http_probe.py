"""The HTTP probe: an expected status is ready, any other answer is up, and each way to fail has its reason."""

from pathlib import Path
from typing import Any

import pytest

from exporters.http_probe import http_probe
from exporters.probe import ServiceProbe
from ragpulse import cluster_file, yaml_file
from ragpulse.errors import ConfigError
from ragpulse.plain import plain
from ragpulse.services import Http
from tests.fakes.certificates import Authority
from tests.fakes.http_replay import (
    Behaviour,
    Conversation,
    Replay,
    drip,
    flood,
    hang,
    refusing_url,
    reply,
    reply_json,
    speak,
)
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import PATIENT, QUICK, plan


def states(probe: ServiceProbe) -> tuple[float, float]:
    """(up, ready) of one run."""
    found = by_series(probe.read())
    return found['ragpulse_service_up{service="http"}'], found['ragpulse_service_ready{service="http"}']


def probe_of(url: str, request_timeout: float = PATIENT, **settings: Any) -> ServiceProbe:
    """`settings` as in the cluster file."""
    service = plain(Http.model_validate({"kind": "http", "nodes": ["sark"], "url": url, **settings}))
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
    assert states(probe_of(replay.url, expect={"status": [200, 401]})) == (1, 1)


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


PAGE = "<h1>Grüße</h1>\n<p>version 1.5.9, all systems up</p>\n"


@pytest.mark.parametrize(
    ("pattern", "is_found"),
    [
        ("Grüße", True), ("all systems up", True), (r"version \d\.\d", True), (r"^<p>", False), (r"(?m)^<p>", True),
        (r"version \d+\.\d+\.\d+", True), ("up|well", True), ("all systems down", False), ("down|ill", False),
        ("GRÜSSE", False), ("(?i)grüße", True),
    ],
)  # fmt: skip
def test_the_body_must_match(replay: Replay, pattern: str, *, is_found: bool) -> None:
    replay.get("/", reply(200, PAGE.encode()))
    probe = probe_of(replay.url, expect={"body_match": pattern})
    assert states(probe) == (1, is_found)
    assert failures(probe.counters()) == ({} if is_found else {("response", "mismatch"): 1})


def test_a_body_that_is_no_text_can_match(replay: Replay) -> None:
    replay.get("/", reply(200, b"\xff\xfe well \xff"))
    assert states(probe_of(replay.url, expect={"body_match": " well "})) == (1, 1)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*,){30}x"])
def test_a_text_that_would_take_years_to_search_is_a_mismatch_in_time(replay: Replay, pattern: str) -> None:
    """And the agent runs on meanwhile: here, the server that is one of its threads."""
    replay.get("/", reply(200, b"a" * 5000 + b"," * 500 + b"!"))
    probe = probe_of(replay.url, QUICK, expect={"body_match": pattern})
    assert states(probe) == (1, 0)
    assert failures(probe.counters()) == {("response", "mismatch"): 1}


def test_what_the_status_says_goes_before_what_the_body_says(replay: Replay) -> None:
    replay.get("/", reply(503, b"well"))
    probe = probe_of(replay.url, expect={"body_match": "ill"})
    states(probe)
    assert failures(probe.counters()) == {("response", "http_5xx"): 1}


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        ({"status": "up"}, None),
        ({"status": "UP"}, None),
        ({"status": ["well", "up"]}, None),
        ({"storage.records": 3, "storage.writable": True}, None),
        ({"storage.records": [3.0]}, None),
        ({"storage.writable": 1}, "mismatch"),
        ({"storage.records": "3"}, "mismatch"),
        ({"status": "up", "storage.records": 4}, "mismatch"),
        ({"status.up": True}, "mismatch"),
        ({"nothing": "up"}, "mismatch"),
    ],
)
def test_the_values_in_json_must_be_good(replay: Replay, expected: dict[str, Any], reason: str | None) -> None:
    replay.get("/", reply_json({"status": "up", "storage": {"records": 3, "writable": True}}))
    probe = probe_of(replay.url, expect={"json": expected})
    assert states(probe) == (1, reason is None)
    assert failures(probe.counters()) == ({("response", reason): 1} if reason else {})


def test_a_page_where_json_is_expected_is_invalid(replay: Replay) -> None:
    replay.get("/", reply(200, b"<html>"))
    probe = probe_of(replay.url, expect={"json": {"status": "up"}})
    states(probe)
    assert failures(probe.counters()) == {("response", "invalid"): 1}


def test_credentials_are_shown_in_the_configured_header(replay: Replay, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sesame\n")
    replay.get("/", reply())
    auth = {"header": "X-Key", "prefix": "", "value_file": str(tmp_path / "key")}
    assert states(probe_of(replay.url, auth=auth)) == (1, 1)
    assert replay.asked[0].headers["X-Key"] == "sesame"


def test_a_body_beyond_the_configured_size_is_too_large(replay: Replay) -> None:
    replay.get("/", reply(200, b"x" * 1025))
    probe = probe_of(replay.url, max_body="1KiB")
    assert states(probe) == (1, 0)
    assert failures(probe.counters()) == {("response", "too_large"): 1}


class TestRedirects:
    def test_as_many_as_configured_are_followed(self, replay: Replay) -> None:
        replay.get("/", reply(302, Location="/1"))
        replay.get("/1", reply(301, Location="/2"))
        replay.get("/2", reply(200, b"here"))
        assert states(probe_of(replay.url, redirects=2, expect={"body_match": "here"})) == (1, 1)
        probe = probe_of(replay.url, redirects=1)
        assert states(probe) == (1, 0)
        assert failures(probe.counters()) == {("response", "redirect"): 1}

    def test_a_loop_ends(self, replay: Replay) -> None:
        replay.get("/", reply(302, Location="/"))
        probe = probe_of(replay.url, redirects=10)
        assert states(probe) == (1, 0)
        assert failures(probe.counters()) == {("response", "redirect"): 1}
        assert (len(replay.asked), replay.connections) == (11, 1)

    def test_one_whose_status_is_expected_is_the_answer(self, replay: Replay) -> None:
        replay.get("/", reply(302, Location="/login"))
        assert states(probe_of(replay.url, redirects=3, expect={"status": [302]})) == (1, 1)
        assert len(replay.asked) == 1

    def test_all_of_them_share_the_time_of_one_request(self, replay: Replay) -> None:
        replay.get("/", reply(302, Location="/slow"))
        replay.get("/slow", hang)
        probe = probe_of(replay.url, QUICK, redirects=1)
        assert states(probe) == (0, 0)
        assert failures(probe.counters()) == {("response", "timeout"): 1}


EXPIRY = 'ragpulse_service_certificate_expiry_timestamp_seconds{service="http"}'


def test_the_end_of_the_certificate_is_read_from_every_https_service(replay: Replay, authority: Authority) -> None:
    shown = authority.issue(days=30)
    replay.wrap(shown.served())
    replay.get("/", reply(500))
    probe = probe_of(replay.url.replace("http:", "https:"), tls=authority.trusted().model_dump())
    assert by_series(probe.read())[EXPIRY] == shown.ends()


def test_a_certificate_that_has_ended_is_told_although_nothing_is_asked(replay: Replay, authority: Authority) -> None:
    shown = authority.issue(days=-1)
    replay.wrap(shown.served())
    probe = probe_of(replay.url.replace("http:", "https:"), tls=authority.trusted().model_dump())
    found = by_series(probe.read())
    assert (found['ragpulse_service_up{service="http"}'], found[EXPIRY]) == (0, shown.ends())
    assert failures(probe.counters()) == {("response", "tls"): 1}
    assert replay.asked == []


def test_a_service_without_tls_has_no_such_reading(replay: Replay) -> None:
    replay.get("/", reply())
    assert EXPIRY not in by_series(probe_of(replay.url).read())


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("expect: {body_match: '(up'}", r"expect.body_match: '\(up' is not a regular expression: missing \)"),
        ("expect: {body_match: ''}", "expect.body_match: is found in every answer; leave it out"),
        ("expect: {json: {status: []}}", "expect.json.status: is empty; name at least one"),
        ("redirects: 11", "redirects: 11 is too large: at most 10"),
        ("max_body: 1GiB", "max_body: is more than 64MiB"),
        ("max_body: 1000", "max_body: 1000 has no unit"),
        ("tls: {key_file: /key.pem}", "tls.key_file: needs cert_file beside it"),
        ("tls: {server_name: 'a b'}", "tls.server_name: 'a b' is neither an IP address nor a host name"),
        ("auth: {header: X-Key}", "auth.value_file: is missing"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings: str, problem: str) -> None:
    service = f"services: {{web: {{kind: http, nodes: [a], url: 'https://127.0.0.1', {settings}}}}}\n"
    text = f"cluster: c\nnodes: {{a: {{address: 127.0.0.1}}}}\n{service}"
    with pytest.raises(ConfigError, match=f"services.web.{problem}"):
        cluster_file.parse(yaml_file.parse(text, "c"), "c")
