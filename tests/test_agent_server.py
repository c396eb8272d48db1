"""What the agent answers over HTTP, and what it says when it cannot listen."""

import gzip
import http.client
import re
import socket
import time
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporters.about import About
from exporters.landing import landing
from exporters.page import Page
from exporters.runner import Runner
from exporters.server import ListenError, application, listener
from exporters.source import SourceError
from ragpulse import __version__
from ragpulse.metric import Sample
from tests.fakes.asgi_server import served
from tests.fakes.sources import CountingSource, Hanging, run_once, up

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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
        self.url = ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers, trust_env=False, timeout=10)


@pytest.fixture
def agent() -> Iterator[Agent]:
    agent = Agent()
    with served(application(About("alpha<&>"), agent.page, lambda: agent.runners)) as agent.url:
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


def test_metrics_are_compressed_only_for_a_client_that_asks(agent: Agent) -> None:
    place = urlsplit(agent.url)
    for accepted, expected in (("gzip", "gzip"), ("identity", None)):
        connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=10)
        connection.request("GET", "/metrics", headers={"Accept-Encoding": accepted})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.getheader("content-encoding") == expected
        assert answer.getheader("content-type") == CONTENT_TYPE
        assert answer.getheader("vary") == "Accept-Encoding"
        assert (gzip.decompress(body) if expected else body) == agent.page.text()


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/"])
def test_head_answers_without_a_body(agent: Agent, path: str) -> None:
    answer = httpx.head(agent.url + path, trust_env=False)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == agent.get(path).headers["content-type"]


def test_a_path_that_is_not_there_is_404_and_a_wrong_method_405(agent: Agent) -> None:
    assert agent.get("/metrics/x").status_code == 404
    assert agent.get("/../etc/passwd").status_code == 404
    assert httpx.post(agent.url + "/metrics", trust_env=False).status_code == 405


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


def test_a_fault_of_ours_is_a_bare_500(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> bytes:
        raise RuntimeError("secret inner state")

    monkeypatch.setattr(agent.page, "text", broken)
    answer = agent.get("/metrics")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert agent.get("/healthz").status_code == 200


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
