"""A secret is read anew for each request, and shows in no error, log line or page, whatever the server does with it."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from exporters.about import About
from exporters.http_client import HttpClient
from exporters.http_probe import http_probe
from exporters.landing import landing
from exporters.memory_probe import memory_probe
from exporters.memory_source import MemorySource
from exporters.page import Page
from exporters.runner import Runner
from exporters.secret import SecretError, read_secret, secret_header
from exporters.source import Source
from exporters.vllm_probe import vllm_probe
from ragpulse.services import HeaderAuth, Http, HttpExpect, Memory, MemoryCheck, Vllm
from tests.fakes.http_replay import Behaviour, Conversation, Replay, reply, speak
from tests.fakes.running import until
from tests.fakes.watched import PATIENT, plan

SECRET = "s3cret-token"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text(SECRET)
    return file


@pytest.fixture
def tells(caplog: pytest.LogCaptureFixture) -> Callable[[Source], str]:
    """All that one run of a source lets be seen: its samples, the landing page, the log."""
    caplog.set_level(logging.INFO)

    def run(source: Source) -> str:
        page = Page(lambda: 0.0)
        runner = Runner(source, page)
        runner.start()
        try:
            runner.due()
            until(lambda: runner.health.state != "waiting", "the end of the run")
        finally:
            runner.stop()
        return page.text().decode() + landing(About("sark"), [runner], 0.0) + caplog.text

    return run


class TestFiles:
    def test_a_secret_is_read_anew_for_each_request(self, key_file: Path, replay: Replay) -> None:
        replay.get("/", reply())
        with HttpClient(replay.url, timeout=PATIENT, headers=secret_header("X-Key", "", str(key_file))) as client:
            for secret in ("old", "new\n"):
                key_file.write_text(secret)
                client.get("/")
            client.get("/", with_auth=False)
        assert [request.headers.get("X-Key") for request in replay.asked] == ["old", "new", None]

    def test_a_prefix_stands_before_it(self, key_file: Path) -> None:
        assert secret_header("Authorization", "Bearer", str(key_file))() == {"Authorization": f"Bearer {SECRET}"}

    def test_without_a_file_there_is_no_header(self) -> None:
        assert secret_header("Authorization", "Bearer", None)() == {}

    @pytest.mark.parametrize(
        "write",
        [
            pytest.param(Path.unlink, id="a file that is not there"),
            pytest.param(lambda file: (file.unlink(), file.mkdir()), id="a folder"),
            pytest.param(lambda file: file.write_text(" \n"), id="an empty file"),
            pytest.param(lambda file: file.write_text(f"{SECRET}\nand more"), id="two lines"),
            pytest.param(lambda file: file.write_text(f"{SECRET}\rHost: x"), id="a line that would be a second header"),
            pytest.param(lambda file: file.write_text(f"{SECRET}\0"), id="a character that breaks a header"),
            pytest.param(lambda file: file.write_bytes(SECRET.encode() + b"\xff"), id="bytes that are no text"),
            pytest.param(lambda file: file.write_text(SECRET * 1000), id="more than a secret can be"),
        ],
    )
    def test_an_unusable_secret_names_its_file_and_not_its_content(
        self, key_file: Path, write: Callable[[Path], object]
    ) -> None:
        write(key_file)
        with pytest.raises(SecretError) as error:
            read_secret(key_file)
        assert str(key_file) in str(error.value)
        assert SECRET not in str(error.value)

    def test_an_illegal_header_is_our_own_inability(self, key_file: Path, replay: Replay) -> None:
        headers = secret_header("Authorization", "Bearer\n", str(key_file))
        with HttpClient(replay.url, timeout=PATIENT, headers=headers) as client, pytest.raises(SecretError) as error:
            client.get("/")
        assert SECRET not in str(error.value)
        assert replay.asked == []


def echo(answer: Callable[[str], Behaviour]) -> Behaviour:
    """Answers with the credentials that it was shown."""

    def behave(conversation: Conversation) -> None:
        shown = conversation.handler.headers.get("Authorization", "none")
        answer(shown)(conversation)

    return behave


ECHOES = [
    pytest.param(lambda shown: reply(401, shown.encode()), "auth", id="in the body of an error"),
    pytest.param(lambda shown: reply(500, shown.encode()), "http_5xx", id="in the body of a fault"),
    pytest.param(lambda shown: reply(302, Location=f"/{shown[7:]}"), "http_4xx", id="in a redirect"),
    pytest.param(lambda shown: reply(302, Location=f"ftp://{shown[7:]}/"), "redirect", id="in a redirect to nowhere"),
    pytest.param(lambda shown: reply(302, Location=f"http://{shown[7:]}:x/"), "redirect", id="in a broken redirect"),
    pytest.param(lambda shown: reply(200, shown.encode()), "invalid", id="instead of JSON"),
    pytest.param(lambda shown: reply(200, json.dumps({"status": shown}).encode()), "mismatch", id="as the state"),
    pytest.param(lambda shown: speak(f"HTTP/1.1 200 OK\r\n{shown}\r\n\r\n".encode()), "invalid", id="as no header"),
    pytest.param(lambda shown: speak(f"HTTP/{shown}\r\n\r\n".encode()), "invalid", id="as no status line"),
    pytest.param(lambda shown: reply(200, b"x", Content_Encoding=shown), "invalid", id="as a compression"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["http", "memory", "memory gauges"])
@pytest.mark.parametrize(("answer", "reason"), ECHOES)
def test_a_server_that_echoes_the_secret_cannot_make_us_tell_it(
    replay: Replay, key_file: Path, tells: Callable[[Source], str],
    *, kind: str, answer: Callable[[str], Behaviour], reason: str,
) -> None:  # fmt: skip
    replay.get("/", echo(answer))
    told = tells(_source(kind, replay.url, str(key_file)))
    assert replay.asked[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in told
    if kind == "http":
        assert f'ragpulse_probe_failures_total{{service="http",check="response",reason="{reason}"}} 1.0\n' in told


def test_a_vllm_that_offers_the_key_as_a_model_cannot_make_us_tell_it(
    replay: Replay, key_file: Path, tells: Callable[[Source], str]
) -> None:
    replay.get("/health", reply())
    replay.get("/v1/models", echo(lambda shown: reply(200, json.dumps({"data": [{"id": shown}]}).encode())))
    vllm = Vllm(kind="vllm", nodes=("sark",), url=replay.url, model="llama", api_key_file=str(key_file))
    assert SECRET not in tells(vllm_probe(plan("vllm"), vllm))


def test_a_memory_service_that_says_its_number_wrongly_cannot_make_us_tell_it(
    replay: Replay, key_file: Path, tells: Callable[[Source], str]
) -> None:
    replay.get("/", echo(lambda shown: reply(200, shown.encode())))
    told = tells(_source("memory gauges", replay.url, str(key_file), json_field=None))
    assert "gauges need a JSON answer" in told  # the landing page shows why
    assert SECRET not in told


def _source(kind: str, url: str, key_file: str, json_field: str | None = "status") -> Source:
    auth = HeaderAuth(value_file=key_file)
    if kind == "http":
        expect = HttpExpect.model_validate({"json": {"status": "ok"}})
        http = Http(kind="http", nodes=("sark",), url=url, auth=auth, expect=expect, redirects=1)
        return http_probe(plan("http"), http)
    check = MemoryCheck(path="/", json_field=json_field)
    memory = Memory(kind="memory", nodes=("sark",), url=url, auth=auth, health=check, gauges={"entries": "entries"})
    return memory_probe(plan("memory"), memory) if kind == "memory" else MemorySource(plan("memory"), memory)
