"""An agent that has no descriptor left for another connection says so once, lives, and lets Prometheus in."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.agent_server import RawClient
from tests.fakes.poor_agent import DESCRIPTORS
from tests.fakes.running import ROOT, until


class PoorAgent:
    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self._log = log
        self.port = int(self.said())

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def order(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        assert self.said() == "done\n"

    def complaints(self) -> int:
        log = self._log.read_text()
        assert "Traceback" not in log
        return log.count('state=crowded error="Too many open files"')


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[PoorAgent]:
    log = tmp_path / "agent.log"
    pipe = subprocess.PIPE
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.poor_agent"],
            cwd=ROOT,
            stdin=pipe,
            stdout=pipe,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        try:
            yield PoorAgent(process, log)
        finally:
            process.kill()


def test_a_scrape_gets_in_where_idle_connections_have_all_descriptors(agent: PoorAgent) -> None:
    with ExitStack() as clients:
        for _ in range(3 * DESCRIPTORS):
            clients.enter_context(RawClient(agent.port))
        with RawClient(agent.port) as scraper:
            assert scraper.ask("/metrics").status_code == 200
            assert agent.complaints() == 1
            assert scraper.ask("/metrics").status_code == 200
    agent.process.terminate()
    assert agent.process.wait(10) == 0


def test_where_nobody_can_give_way_the_agent_tries_again_until_it_can(agent: PoorAgent) -> None:
    with RawClient(agent.port) as first:
        assert first.answers(b"GET /healthz HTTP/1.0\r\n\r\n")[0][0].status_code == 200
        assert first.rest() == b"", "it serves, and has given this descriptor back"
    agent.order("take")
    with RawClient(agent.port) as scraper:
        until(agent.complaints, "it is said that no descriptor is left")
        agent.order("give")
        assert scraper.ask("/metrics").status_code == 200
    assert agent.complaints() == 1
