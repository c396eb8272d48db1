"""GPUs in the real agent as a process: one NVML over all reloads, an honest end when the driver is replaced."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import loopback
from tests.fakes.running import free_ports, until

ROOT = Path(__file__).parent.parent
OBSERVED = 'ragpulse_gpu_observed_seconds_total{gpu="0"}'
RUNS = 'ragpulse_source_runs_total{source="gpu_load",result="ok"}'


class Agent:
    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self.file, self.log = folder / "cluster.yaml", folder / "log"
        self.write("{}")
        command = (sys.executable, "-m", "tests.fakes.gpu_agent", self.file, "alpha", "rtx_4090")
        with self.log.open("wb") as stderr:
            self.process = subprocess.Popen(command, cwd=ROOT, stderr=stderr)

    def write(self, settings: str) -> None:
        node = f"{{address: 127.0.0.1, port: {self.port}, {settings.strip('{}')}}}"
        self.file.write_text(f"cluster: c\nnodes: {{alpha: {node}}}\nmonitoring: {{scrape_interval: 1s}}\n")

    def reload(self, settings: str) -> str:
        """What the agent says of it."""
        self.write(settings)
        before = len(self.log.read_text())
        self.process.send_signal(signal.SIGHUP)
        until(lambda: " reload=" in self.log.read_text()[before:], f"a reload: {self.log.read_text()}")
        return self.log.read_text()[before:]

    def page(self) -> str:
        return loopback.get(f"http://127.0.0.1:{self.port}/metrics").text

    def value(self, series: str) -> float:
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.page(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def state(self) -> str:
        found = re.search(r'^ragpulse_gpu_state{state="(\w+)"} 1\.0$', self.page(), re.MULTILINE)
        return found[1] if found else ""


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path)
    try:
        until(lambda: " listen=" in agent.log.read_text(), "the agent listens")
        until(lambda: agent.state() == "ready" and agent.value(OBSERVED) > 0, "its GPU is read")
        yield agent
    finally:
        agent.process.kill()
        agent.process.wait(10)


def test_a_reload_keeps_what_stayed_and_what_is_new_reads_the_same_nvml(agent: Agent) -> None:
    observed, runs = agent.value(OBSERVED), agent.value(RUNS)
    assert "started=[] ended=[]" in agent.reload("{gpu_pids: false}")
    assert agent.value(OBSERVED) >= observed
    assert agent.value(RUNS) >= runs
    said = agent.reload("{gpu_interval: 1s}")
    assert 'started=["gpu_load"] ended=["gpu_load"]' in said
    until(lambda: agent.value(OBSERVED) > 0, "the new one reads")
    assert 'ragpulse_source_runs_total{source="gpu_load",result="error"} 0.0' in agent.page()


def test_gpus_that_a_reload_disables_leave_the_page_and_come_back_with_another(agent: Agent) -> None:
    agent.reload("{gpu: disabled}")
    until(lambda: agent.state() == "disabled", "it is told")
    assert 'gpu="0"' not in agent.page()
    agent.reload("{}")
    until(lambda: agent.state() == "ready" and agent.value(OBSERVED) > 0, "its GPU is read")


def test_a_driver_that_is_replaced_is_told_on_the_page_before_the_agent_ends_to_be_started_anew(agent: Agent) -> None:
    agent.process.send_signal(signal.SIGUSR1)
    agent.reload("{gpu: disabled}")
    until(lambda: agent.state() == "disabled", "NVML is closed")
    agent.reload("{}")  # the first look at once, not in 10 s
    until(lambda: agent.state() == "unavailable", "it is told")
    assert 'ragpulse_gpu_unavailable{reason="lib_rm_version_mismatch"} 1.0' in agent.page()
    assert agent.process.wait(30) == 1
    told = agent.log.read_text()
    assert told.count("state=outlived") == 1
    assert "the library that this process has loaded does not fit the new one; it ends in 2 s" in told
    assert told.endswith("node=alpha state=ended\n")


def test_an_agent_that_is_ended_by_a_signal_while_gpus_are_read_ends_well(agent: Agent) -> None:
    agent.process.send_signal(signal.SIGUSR2)
    agent.process.send_signal(signal.SIGTERM)
    assert agent.process.wait(10) == 0


def test_without_an_nvidia_library_only_gpu_state_runs_and_no_binding_is_loaded() -> None:
    code = """
import sys
from exporters import nvml
nvml.LIBRARY = "libnvidia-ml.so.of-no-machine"
from exporters.gpu_sources import gpu_sources
from exporters.nvml import Nvml
from exporters.page import Page
from exporters.roster import Roster
from exporters.scheduler import Schedule
from ragpulse.inventory import Cluster
cluster = Cluster.model_validate({"cluster": "c", "nodes": {"alpha": {"address": "127.0.0.1"}}})
planned = gpu_sources(cluster, "alpha", Nvml())
for each in planned:
    list(each.source.read())
started = Roster(Page(lambda: 0.0), Schedule([])).adopt(planned).started
print(len(planned) > 4, *started, "pynvml" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["True", "gpu_state", "False"]
