"""SIGHUP: what the cluster file says now is put into use, what stayed goes on, and a bad file changes nothing."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporters.build import build
from exporters.nvml import Nvml
from ragpulse import read_apart
from ragpulse.cluster_file import load
from ragpulse.plain import plain
from tests.fakes import loopback
from tests.fakes.running import free_ports, until

ROOT = Path(__file__).parent.parent
OK = "ragpulse_agent_config_last_reload_successful"
SINCE = "ragpulse_agent_config_last_reload_success_timestamp_seconds"


def cluster(port: int, *services: str, note: str = "one", every: str = "2s") -> str:
    entries = "".join(
        f"  {name}: {{kind: http, nodes: [alpha], url: 'http://127.0.0.1:{port}/healthz', every: {every}}}\n"
        for name in services
    )
    return (
        f"cluster: c\nnote: {note}\nnodes: {{alpha: {{address: 127.0.0.1, port: {port}}}}}\n"
        f"monitoring: {{scrape_interval: 2s}}\nservices:\n{entries}"
    )


class Agent:
    """The real agent as a process, which probes its own page."""

    def __init__(self, folder: Path) -> None:
        [self.port] = free_ports(1)
        self.file = folder / "cluster.yaml"
        self.log = folder / "log"
        self.write("first", "second")
        with self.log.open("wb") as stderr:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "ragpulse", "agent", "--config", self.file, "--node", "alpha"),
                cwd=ROOT, stderr=stderr,
            )  # fmt: skip

    def write(self, *services: str, **settings: str) -> None:
        self.file.write_text(cluster(self.port, *services, **settings))

    def get(self, path: str) -> str:
        return loopback.get(f"http://127.0.0.1:{self.port}{path}").text

    def value(self, series: str) -> float | None:
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.get("/metrics"), re.MULTILINE)
        return float(found[1]) if found else None

    def probes(self, service: str) -> float:
        return self.value(f'ragpulse_probe_requests_total{{service="{service}",check="response"}}') or 0.0

    def reload(self) -> str:
        """The new lines of the log once it has been read."""
        before = len(self.log.read_text())
        self.process.send_signal(signal.SIGHUP)
        until(lambda: " reload=" in self.log.read_text()[before:], f"a reload: {self.log.read_text()}")
        return self.log.read_text()[before:]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path)
    try:
        until(lambda: " listen=" in agent.log.read_text(), "the agent listens")
        yield agent
    finally:
        agent.process.kill()
        agent.process.wait(10)


def test_what_stayed_goes_on_what_is_new_starts_and_what_is_gone_leaves_the_page(agent: Agent) -> None:
    until(lambda: agent.probes("first") >= 2 and agent.probes("second") >= 1, "both are probed")
    before = agent.probes("first")
    agent.write("first", "third", note="two")
    assert 'started=["probe:third", "maintenance"] ended=["maintenance", "probe:second"]' in agent.reload()
    assert agent.probes("first") >= before, "an unchanged probe keeps its counters"
    assert 'service="second"' not in agent.get("/metrics")
    until(lambda: agent.probes("third") >= 1, "the new service is probed")
    landing = agent.get("/")
    assert "<strong>two</strong>" in landing
    assert "probe:second" not in landing
    assert agent.value(OK) == 1


def test_a_changed_service_is_probed_in_the_new_way(agent: Agent) -> None:
    agent.write("first", "second", every="1s")
    said = agent.reload()
    assert 'started=["probe:first", "probe:second"] ended=["probe:first", "probe:second"]' in said
    assert agent.value('ragpulse_source_interval_seconds{source="probe:first"}') == 1


def test_a_bad_file_is_refused_with_every_mistake_and_the_old_one_stays_in_use(agent: Agent) -> None:
    until(lambda: agent.probes("first") >= 1, "it is probed")
    since, before = agent.value(SINCE), agent.probes("first")
    agent.file.write_text(agent.file.read_text().replace("kind: http", "kind: htp"))
    said = agent.reload()
    assert said.count("reload=refused") == 2, "one line for each mistake"
    assert f"error={agent.file}:6: services.first: unknown kind 'htp'; did you mean http?" in said
    assert agent.value(OK) == 0
    assert agent.value(SINCE) == since
    assert "did you mean http?" in agent.get("/")
    until(lambda: agent.probes("first") > before, "the old file is still in use")
    agent.write("first")
    agent.reload()
    assert agent.value(OK) == 1
    assert "did you mean" not in agent.get("/")


def test_a_file_without_this_node_is_refused(agent: Agent) -> None:
    agent.file.write_text(agent.file.read_text().replace("alpha", "alfa"))
    assert "has no node 'alpha' (--node); did you mean alfa?" in agent.reload()
    assert agent.value(OK) == 0


def test_a_new_address_needs_a_new_agent_and_is_refused(agent: Agent) -> None:
    agent.file.write_text(agent.file.read_text().replace("address: 127.0.0.1,", "address: 127.0.0.2,"))
    assert "nodes.alpha: address and port have changed; restart the agent to move it" in agent.reload()
    assert agent.value(OK) == 0


def test_a_reload_that_comes_while_the_agent_starts_does_not_end_it(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    try:
        until(lambda: _blocks_hangup(agent.process.pid), "it has begun")
        agent.process.send_signal(signal.SIGHUP)
        until(lambda: " reload=ok" in agent.log.read_text(), agent.log.read_text())
        agent.process.send_signal(signal.SIGTERM)
        assert agent.process.wait(10) == 0
    finally:
        agent.process.kill()
        agent.process.wait(10)


def _blocks_hangup(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    blocked = re.search(r"^SigBlk:\s+([0-9a-f]+)$", status, re.MULTILINE)
    caught = re.search(r"^SigCgt:\s+([0-9a-f]+)$", status, re.MULTILINE)
    bit = 1 << (signal.SIGHUP - 1)
    return any(bool(int(found[1], 16) & bit) for found in (blocked, caught) if found)


def test_a_cluster_read_apart_holds_what_the_checked_one_holds() -> None:
    example = ROOT / "cluster.example.yaml"
    assert read_apart.read(example) == plain(load(example))


@pytest.mark.parametrize("file", [ROOT / "cluster.example.yaml", ROOT / "tests/clusters/good/every_key.yaml"])
def test_of_what_is_read_apart_the_same_sources_are_made(file: Path) -> None:
    """It has the attributes of a checked cluster and none of its methods."""
    checked = load(file)
    for node in checked.nodes:
        made = [[each.source.name for each in build(one, node, Nvml())] for one in (plain(checked), checked)]
        assert made[0] == made[1] != []


def test_a_reader_that_says_nothing_is_told_with_its_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(read_apart.UnreadError, match="its reader ended with status 1") as error:
        read_apart.read(tmp_path / "cluster.yaml")
    assert error.value.exit_code == 1
