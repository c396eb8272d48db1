"""What the agent answers over HTTP, and what it says when it cannot listen."""

import gzip
import re
import socket
import time
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporters.about import About
from exporters.answers import CONTENT_TYPE, answers
from exporters.landing import landing
from exporters.page import Page
from exporters.runner import Runner
from exporters.server import ListenError, listener
from exporters.source import SourceError
from ragpulse import __version__
from ragpulse.metric import Sample
from tests.fakes import loopback
from tests.fakes.agent_server import RawClient, serving
from tests.fakes.sources import CountingSource, Hanging, run_once, up


def _one_up(service: str) -> list[Sample]:
    return [up(service)]


class Agent:
    """An agent without a scheduler: the test says when what is due."""

    def __init__(self) -> None:
        self.page = Page(time.monotonic)
        self.sources = [CountingSource(f"probe {n}", partial(_one_up, f"s{n}")) for n in range(3)]
        self.runners = [Runner(source, self.page) for source in self.sources]
        for runner in self.runners:
            runner.start()
        self.about = About("alpha<&>")
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return loopback.get(self.url + path, headers=headers, timeout=10)


@pytest.fixture
def agent() -> Iterator[Agent]:
    agent = Agent()
    with serving(answers(agent.about, agent.page, lambda: agent.runners)) as agent.port:
        yield agent
    for runner in agent.runners:
        runner.stop()


@pytest.mark.parametrize(
    "accept", ["*/*", "application/openmetrics-text;version=1.0.0", "application/json", "nonsense"]
)
def test_metrics_are_text_0_0_4_whatever_the_client_would_like(agent: Agent, accept: str) -> None:
    answer = agent.get("/metrics", accept=accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == CONTENT_TYPE
    assert answer.content == agent.page.text()
    assert list(text_string_to_metric_families(answer.text))


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        (["gzip"], True),
        (["deflate, GZIP;q=0.5"], True),
        (["br", "gzip"], True),
        (["*"], True),
        ([], False),
        ([""], False),
        (["identity"], False),
        (["gzip;q=0"], False),
        (["gzip ; q=0.000, br"], False),
        (["*, gzip;q=0"], False),
        (["*;q=0"], False),
        (["not-gzip"], False),
    ],
)
def test_metrics_are_compressed_only_for_a_client_that_asks(agent: Agent, accepted: list[str], packed: bool) -> None:  # noqa: FBT001
    headers = "".join(f"Accept-Encoding: {one}\r\n" for one in accepted)
    with RawClient(agent.port) as client:
        ((response, body),) = client.answers(f"GET /metrics HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode())
    found = {name.decode(): value.decode() for name, value in response.headers}
    assert found.get("content-encoding") == ("gzip" if packed else None)
    assert (found["content-type"], found["vary"]) == (CONTENT_TYPE, "Accept-Encoding")
    assert (gzip.decompress(body) if packed else body) == agent.page.text()


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/"])
def test_head_answers_without_a_body(agent: Agent, path: str) -> None:
    answer = httpx.head(agent.url + path, trust_env=False)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == agent.get(path).headers["content-type"]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/metrics?name[]=x&name[]=/", 200),
        ("/metrics?", 200),
        ("http://alpha:9477/metrics", 200),
        ("http://alpha:9477/metrics?a=http://b/c", 200),
        ("http://alpha:9477", 200),
        ("/metrics/", 404),
        ("//metrics", 404),
        ("/metrics/x", 404),
        ("/Metrics", 404),
        ("/../etc/passwd", 404),
        ("/x?http://alpha/metrics", 404),
        ("metrics", 404),
        ("*", 404),
        ("http://[", 200),
    ],
)
def test_a_path_is_taken_as_it_stands_without_its_query(agent: Agent, target: str, status: int) -> None:
    with RawClient(agent.port) as client:
        assert client.ask(target).status_code == status
        assert client.ask(target).status_code == status, "the connection is kept"


def test_a_reload_is_seen_at_the_next_question(agent: Agent) -> None:
    assert "probe 0" in agent.get("/readyz").text
    del agent.runners[:2]
    agent.about.note = "another file"
    assert agent.get("/readyz").text == "no first result yet: probe 2\n"
    assert ("probe 0" in agent.get("/").text, "another file" in agent.get("/").text) == (False, True)


def test_ready_means_that_every_source_had_a_first_result_or_its_deadline(agent: Agent) -> None:
    assert agent.get("/healthz").status_code == 200
    answer = agent.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "no first result yet: probe 0, probe 1, probe 2\n")
    run_once(agent.runners[0])
    agent.sources[1].answer = lambda: None
    run_once(agent.runners[1])
    agent.sources[2].answer = hanging = Hanging()
    run = agent.runners[2].due()
    assert agent.get("/readyz").text == "no first result yet: probe 2\n"
    agent.runners[2].deadline(run or 0)
    assert agent.get("/readyz").status_code == 200
    hanging.released.set()


class Cells(HTMLParser):
    """The text of all table cells of a page, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag == "a":
            self.links.append(dict(attrs)["href"] or "")
        elif tag == "td":
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def test_the_landing_page_says_how_each_source_does(agent: Agent) -> None:
    run_once(agent.runners[0])

    def fail() -> object:
        raise SourceError("<script>alert(1)</script>")

    agent.sources[1].answer = fail
    run_once(agent.runners[1])
    answer = agent.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert "agent of alpha&lt;&amp;&gt;</h1>" in answer.text
    assert f"Version {__version__}." in answer.text
    page = Cells()
    page.feed(answer.text)
    assert page.links == ["metrics", "healthz", "readyz"]
    _, good, bad, waiting = page.rows
    assert good[:2] == ["probe 0", "ok"]
    assert re.fullmatch(r"\d+ m?s ago", good[2])
    assert re.fullmatch(r"\d+\.\d ms", good[3])
    assert good[4:] == ["1", "0", "0", ""]
    assert bad[:6] == ["probe 1", "error", "never", bad[3], "0", "1"]
    assert bad[7].startswith("<script>alert(1)</script> (")
    assert waiting == ["probe 2", "waiting", "never", "none yet", "0", "0", "0", ""]


def test_the_note_of_the_cluster_file_stands_on_the_landing_page() -> None:
    assert "<strong>a demo &amp; no more</strong>" in landing(About("alpha", "a demo & no more"), [], 0.0)
    assert "<strong>" not in landing(About("alpha"), [], 0.0)


def test_a_fault_of_ours_is_a_bare_500_and_stands_in_the_log(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> bytes:
        raise RuntimeError("secret inner state")

    monkeypatch.setattr(agent.page, "gzipped", broken)
    answer = agent.get("/metrics")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error\n")
    assert agent.get("/healthz").status_code == 200
    assert 'path="/metrics" state=broken\nTraceback' in caplog.text
    assert "secret inner state" in caplog.text


def test_a_scrape_reads_no_source(agent: Agent) -> None:
    for _ in range(3):
        agent.get("/metrics")
    assert all(source.threads == [] for source in agent.sources)


def test_a_busy_address_is_named_with_the_setting_that_moves_it() -> None:
    with listener("127.0.0.1", 0, "x") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as caught:
            listener("127.0.0.1", port, "nodes.alpha.port")
    assert str(caught.value) == (
        f"the agent cannot listen on 127.0.0.1:{port}: another process listens there already; change nodes.alpha.port"
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("address", ["192.0.2.1", "no-such-host.invalid"], ids=["an address of others", "no host"])
def test_an_address_that_is_not_ours_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = socket.getaddrinfo

    def without_a_name_server(host: str, *more: Any, **options: Any) -> Any:
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", without_a_name_server)
    with pytest.raises(ListenError, match=f"{address}:9477: this machine has no such address"):
        listener(address, 9477, "nodes.alpha.address")


def test_the_listener_sends_small_answers_without_waiting_for_more() -> None:
    with listener("127.0.0.1", 0, "x") as bound:
        assert bound.proto == socket.IPPROTO_TCP, "asyncio sets TCP_NODELAY only where the protocol is named"
