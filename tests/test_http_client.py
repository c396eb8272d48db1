"""Requests are bounded in time and size, and each way to fail has its own name."""

import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import httpcore
import pytest

from exporters.http_client import MAX_BODY_BYTES, Answer, Failure, HttpClient, Unanswered, WrongAnswer
from exporters.secret import SecretError, read_secret, secret_header
from ragpulse.services import Tls
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

TIMEOUT = 0.3
BOUND = 3.0  # generous: a busy machine is no failure, an unbounded request is
CERTIFICATES = Path(__file__).parent / "captures" / "tls"

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
    pytest.param(speak(b"220 mail.example ESMTP\r\n\r\n"), "invalid", id="a server that does not speak HTTP"),
]
STATUSES = [
    (301, "invalid"), (401, "auth"), (403, "auth"), (404, "http_4xx"), (429, "http_4xx"), (500, "http_5xx"),
    (503, "http_5xx"),
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


def test_a_name_that_cannot_be_looked_up_is_a_failed_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with HttpClient("http://nowhere.invalid", timeout=TIMEOUT) as client, pytest.raises(Unanswered) as failure:
        client.get("/")
    assert failure.value.reason == "connect"


def test_a_body_of_100_megabytes_is_refused_after_the_first_eight(replay: Replay) -> None:
    replay.get("/", flood(100 * 1024 * 1024))
    with HttpClient(replay.url, timeout=BOUND) as client, pytest.raises(WrongAnswer, match="8 MiB") as failure:
        client.get("/")
    assert failure.value.reason == "invalid"
    assert MAX_BODY_BYTES == 8 * 1024 * 1024


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


def test_requests_of_one_block_share_a_connection_and_the_next_block_has_its_own(replay: Replay) -> None:
    ports: list[int] = []

    def remember(conversation: Conversation) -> None:
        ports.append(conversation.handler.client_address[1])
        reply()(conversation)

    replay.get("/", remember)
    client = HttpClient(replay.url, timeout=BOUND)
    for _ in range(2):
        with client:
            client.get("/")
            client.get("/")
    assert ports[0] == ports[1]
    assert ports[2] == ports[3]
    assert ports[0] != ports[2]


def test_a_kept_connection_that_the_server_closed_is_replaced_and_no_failure(replay: Replay) -> None:
    def close_unannounced(conversation: Conversation) -> None:
        reply(body=b"well")(conversation)
        conversation.hang_up()

    replay.get("/", close_unannounced)
    with HttpClient(replay.url, timeout=BOUND) as client:
        assert [client.get("/").body for _ in range(100)] == [b"well"] * 100


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


def test_all_addresses_of_a_host_share_the_time_of_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []

    def give_up(_: object, _host: str, _port: int, timeout: float, *_more: object) -> NoReturn:
        tried.append(timeout)
        raise httpcore.ConnectError("refused")

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", 80)) for last in (7, 8, 9)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", give_up)
    with HttpClient("http://sark.example", timeout=TIMEOUT) as client, pytest.raises(Unanswered) as failure:
        client.get("/")
    assert failure.value.reason == "connect"
    assert len(tried) == 3
    assert tried == sorted(tried, reverse=True)


def test_an_illegal_header_is_our_own_inability_and_its_secret_stays_hidden(tmp_path: Path, replay: Replay) -> None:
    (tmp_path / "token").write_text("s3cret-token")
    headers = secret_header("Authorization", "Bearer\n", str(tmp_path / "token"))
    with HttpClient(replay.url, timeout=BOUND, headers=headers) as client, pytest.raises(SecretError) as error:
        client.get("/")
    assert "s3cret" not in str(error.value)


def test_json_is_sent_with_its_content_type_and_nothing_asks_for_compression(replay: Replay) -> None:
    replay.post("/search", reply_json({}))
    with HttpClient(replay.url, timeout=BOUND) as client:
        client.request("POST", "/search", json_body={"query": "ä"})
    (asked,) = replay.asked
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Accept-Encoding"] == "identity"
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


def test_the_time_of_an_answer_is_that_of_the_whole_exchange(replay: Replay) -> None:
    ticks = iter(range(1000))
    replay.get("/", reply())
    with HttpClient(replay.url, timeout=100.0, clock=lambda: float(next(ticks))) as client:
        answer = client.get("/")
    assert answer.seconds >= 3  # at least connecting, writing and reading have looked at the clock in between


class TestSecrets:
    def test_a_secret_is_read_anew_for_each_request(self, tmp_path: Path, replay: Replay) -> None:
        file = tmp_path / "key"
        replay.get("/", reply())
        with HttpClient(replay.url, timeout=BOUND, headers=secret_header("X-Key", "", str(file))) as client:
            for secret in ("old", "new\n"):
                file.write_text(secret)
                client.get("/")
            client.get("/", with_auth=False)
        assert [request.headers.get("X-Key") for request in replay.asked] == ["old", "new", None]

    def test_a_prefix_stands_before_it(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("abc\n")
        assert secret_header("Authorization", "Bearer", str(tmp_path / "key"))() == {"Authorization": "Bearer abc"}

    def test_without_a_file_there_is_no_header(self) -> None:
        assert secret_header("Authorization", "Bearer", None)() == {}

    @pytest.mark.parametrize(
        "write",
        [
            pytest.param(lambda _: None, id="a file that is not there"),
            pytest.param(lambda file: file.mkdir(), id="a folder"),
            pytest.param(lambda file: file.write_text(" \n"), id="an empty file"),
            pytest.param(lambda file: file.write_text("sesame\nand more"), id="two lines"),
            pytest.param(lambda file: file.write_text("sesame\rHost: x"), id="a line that would be a second header"),
            pytest.param(lambda file: file.write_bytes(b"sesame\xff"), id="bytes that are no text"),
            pytest.param(lambda file: file.write_text("sesame" * 1000), id="more than a secret can be"),
        ],
    )
    def test_an_unusable_secret_names_its_file_and_not_its_content(
        self, tmp_path: Path, write: Callable[[Path], object]
    ) -> None:
        file = tmp_path / "key"
        write(file)
        with pytest.raises(SecretError) as error:
            read_secret(file)
        assert str(file) in str(error.value)
        assert "sesame" not in str(error.value)


class TestTls:
    @pytest.fixture
    def secure(self, replay: Replay) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "certificate.pem", CERTIFICATES / "key.pem")
        replay.wrap(context)
        replay.get("/", reply(body=b"secure"))
        return replay.url.replace("http:", "https:")

    def test_an_own_authority_and_name_are_accepted(self, secure: str) -> None:
        tls = Tls(ca_file=str(CERTIFICATES / "certificate.pem"), server_name="gateway.test")
        with HttpClient(secure, timeout=BOUND, tls=tls) as client:
            assert client.get("/").body == b"secure"

    @pytest.mark.parametrize(
        "tls",
        [
            pytest.param(None, id="an authority that the system does not know"),
            pytest.param(Tls(ca_file=str(CERTIFICATES / "certificate.pem")), id="another name than the certificate's"),
        ],
    )
    def test_a_certificate_that_does_not_fit_is_a_failed_connection(self, secure: str, tls: Tls | None) -> None:
        with HttpClient(secure, timeout=BOUND, tls=tls) as client, pytest.raises(Failure) as failure:
            client.get("/")
        assert failure.value.reason == "connect"

    def test_a_client_certificate_is_shown_to_who_asks_for_it(self, replay: Replay) -> None:
        certificate, key = str(CERTIFICATES / "certificate.pem"), str(CERTIFICATES / "key.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        replay.wrap(context)
        replay.get("/", reply(body=b"secure"))
        url = replay.url.replace("http:", "https:")
        known = Tls(ca_file=certificate, server_name="gateway.test", cert_file=certificate, key_file=key)
        with HttpClient(url, timeout=BOUND, tls=known) as client:
            assert client.get("/").body == b"secure"
        stranger = Tls(ca_file=certificate, server_name="gateway.test")
        with HttpClient(url, timeout=BOUND, tls=stranger) as client, pytest.raises(Unanswered) as failure:
            client.get("/")
        assert failure.value.reason == "connect"

    def test_an_unreadable_certificate_is_our_own_inability(self, secure: str, tmp_path: Path) -> None:
        missing = tmp_path / "authority.pem"
        with HttpClient(secure, timeout=BOUND, tls=Tls(ca_file=str(missing))) as client:
            with pytest.raises(SecretError, match=r"authority\.pem"):
                client.get("/")
            missing.write_bytes((CERTIFICATES / "certificate.pem").read_bytes())
            with pytest.raises(Unanswered):  # the name is still another one: but the file is read now
                client.get("/")
