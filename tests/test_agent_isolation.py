"""A whole agent as a process: 40 hung sources cost it nothing, it ends in time, and it carries nothing it need not."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes import loopback
from tests.fakes.hung_agent import HUNG, INTERVAL
from tests.fakes.running import until

ROOT = Path(__file__).parent.parent
RESULTS = "ragpulse_source_runs_total"
LAST_SUCCESS = "ragpulse_source_last_success_timestamp_seconds"
ON_TIME = 5 * INTERVAL  # a success this young, however busy the machine of the tests is
END_SECONDS = 2.0


class Agent:
    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log
        until(self._listens, f"the agent listens: {log.read_text()}")
        self.port = int(self._listens() or 0)
        self.url = f"http://127.0.0.1:{self.port}"

    def _listens(self) -> str | None:
        assert self.process.poll() is None, self.log.read_text()
        found = re.search(r" listen=127\.0\.0\.1:(\d+)\n", self.log.read_text())
        return found[1] if found else None

    def page(self) -> dict[tuple[str, str, str], float]:
        """(sample, source, result) → value."""
        text = loopback.get(f"{self.url}/metrics").text
        return {
            (sample.name, sample.labels.get("source", ""), sample.labels.get("result", "")): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def end(self, number: int) -> float:
        """Seconds until it has ended by itself."""
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(10)
        return time.monotonic() - start


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    log = tmp_path / "agent.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen([sys.executable, "-m", "tests.fakes.hung_agent"], cwd=ROOT, stderr=stderr)
    try:
        yield Agent(process, log)
    finally:
        process.kill()
        process.wait(10)


def test_forty_hung_sources_cost_neither_the_page_nor_the_healthy_source(agent: Agent) -> None:
    page = agent.page()
    first_success = 0.0
    while page[RESULTS, "healthy", "ok"] < 10:
        asked = time.monotonic()
        page = agent.page()
        assert time.monotonic() - asked < 1, "the page waits for nobody"
        if success := page[LAST_SUCCESS, "healthy", ""]:
            first_success = first_success or success
            assert time.time() - success < ON_TIME
    assert page[LAST_SUCCESS, "healthy", ""] > first_success
    assert page[RESULTS, "healthy", "error"] == page[RESULTS, "healthy", "deadline"] == 0
    for number in range(HUNG):
        assert page[RESULTS, f"hung {number}", "deadline"] >= 5, "each due run counts again"
        assert page[RESULTS, f"hung {number}", "ok"] == page[RESULTS, f"hung {number}", "error"] == 0
        assert page[LAST_SUCCESS, f"hung {number}", ""] == 0
    assert page["ragpulse_service_up", "", ""] == 1
    assert loopback.get(f"{agent.url}/readyz").status_code == 200, "a cut first run is a result too"
    log = agent.log.read_text()
    assert log.count("state=deadline") == HUNG, "said once each, not once per run"
    assert "Traceback" not in log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_two_seconds_with_hung_sources_and_clients(agent: Agent, number: int) -> None:
    until(lambda: agent.page()[RESULTS, "hung 39", "deadline"], "every source hangs")
    with (
        httpx.Client(trust_env=False) as idle,
        socket.create_connection(("127.0.0.1", agent.port)) as silent,
        socket.create_connection(("127.0.0.1", agent.port)) as half,
    ):
        idle.get(f"{agent.url}/healthz")
        half.sendall(b"GET /metrics HTTP/1.1\r\nHost: ")
        assert silent.fileno() > 0
        assert agent.end(number) < END_SECONDS
    assert agent.process.returncode == 0
    assert agent.log.read_text().endswith("node=alpha state=ended\n")


NOT_NEEDED = {
    "pydantic", "yaml", "click", "rich", "jinja2", "typer", "grafanalib", "chromadb", "starlette", "uvicorn",
    "dashboards", "alerts",
}  # fmt: skip
# The real verb, with the moment in which it would start to serve replaced by a look at what is loaded.
LOOK = """
import sys
import exporters.agent
from ragpulse.__main__ import main
def run(read, node, listen, nvml=None):
    read()
    import exporters.build
    print(*sorted({name.partition(".")[0] for name, module in sys.modules.items() if module}))
    return 0
exporters.agent.run = run
main()
"""


def loaded(code: str, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_importing_the_agent_loads_nothing_of_the_command_line_boards_and_chroma() -> None:
    found = loaded("import sys, exporters.agent; print(*{name.partition('.')[0] for name in sys.modules})")
    assert {"exporters", "h11", "apscheduler"} <= found
    assert not found & NOT_NEEDED


def test_a_running_agent_has_loaded_nothing_of_them_either(tmp_path: Path) -> None:
    config = tmp_path / "cluster.yaml"
    config.write_text("cluster: c\nnodes: {alpha: {address: 127.0.0.1}}\n")
    found = loaded(LOOK, "agent", "--config", str(config), "--node", "alpha")
    assert {"exporters", "httpx", "psutil"} <= found
    assert not found & NOT_NEEDED
