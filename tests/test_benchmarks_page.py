"""The Overview page as `make bench` measures it: what it is asked over, and what it is compared with."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from benchmarks import generating, page_week
from benchmarks.bare_questions import BareQuestions
from benchmarks.overview_page import questions
from ragpulse import cluster_file
from ragpulse.demo.cluster import cluster_text, keep_secrets
from ragpulse.demo.ports import DemoPorts
from ragpulse.errors import RagpulseError
from ragpulse.inventory import Cluster

EXAMPLE = Path(__file__).parent.parent / "cluster.example.yaml"
PROMETHEUS = "http://127.0.0.1:9090"


@pytest.fixture
def demo(tmp_path: Path) -> Cluster:
    keep_secrets(tmp_path)
    (tmp_path / "cluster.yaml").write_text(cluster_text(tmp_path, DemoPorts()))
    return cluster_file.load(tmp_path / "cluster.yaml")


def test_the_week_holds_a_series_of_everything_that_the_page_asks_for(demo: Cluster) -> None:
    urls = asyncio.run(questions(demo, PROMETHEUS, 1e9))
    assert {url.path for url in urls} == {"/api/v1/query", "/api/v1/query_range", "/api/v1/rules"}
    asked = [url.params["query"] for url in urls if "query" in url.params]
    names = {name for query in asked for name in re.findall(r"\b(?:ragpulse[_:]|up\b|ALERTS)[\w:]*", query)}
    written = {name for name, *_ in page_week.series(demo, asked, 1_000_000_000)}
    kinds_not_here = {name for name in names - written if re.match("ragpulse_(ray|backup)_", name)}
    assert written
    assert names - written == kinds_not_here


async def served(answer: bytes, rounds: int) -> int:
    """How many requests came, when three questions were asked so often."""
    requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        while await reader.read(65536):
            requests += 1
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    asking = BareQuestions([httpx.URL(f"http://127.0.0.1:{port}/{path}") for path in "abc"])
    await asking.connect()
    try:
        for _ in range(rounds):
            await asking.ask()
    finally:
        await asking.close()
        server.close()
    return requests


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    ],
)
def test_bare_questions_are_read_to_the_end_of_their_answers(answer: bytes) -> None:
    assert asyncio.run(served(answer, rounds=2)) == 6


def test_a_bare_question_that_fails_ends_the_measuring() -> None:
    with pytest.raises(RagpulseError, match="503"):
        asyncio.run(served(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", rounds=1))


def test_clusters_of_few_and_of_many_nodes_are_generated_whole() -> None:
    few, many = generating.measure(EXAMPLE, times=1)
    assert (few.nodes, many.nodes) == (2, 200)
    assert few.bytes < many.bytes
