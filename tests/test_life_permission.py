"""An agent without rights: each source gives what it can, its error says what to do, and the others feel nothing."""

import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from exporters.network_links import NetworkLinks
from exporters.node_disk import NodeDisk
from exporters.node_info import NodeInfo
from exporters.page import Page
from exporters.source import PartError, Source, SourceError
from ragpulse.inventory import Cluster
from ragpulse.metric import Sample, series
from tests.fakes import loopback
from tests.fakes.confined import WITHOUT_RIGHTS
from tests.fakes.machine import CAPTURED_6_18, Machine
from tests.fakes.running import ROOT, free_ports, until
from tests.fakes.sources import FakeSource, Make, run_once, runs, up, value

pytest_plugins = ["tests.fakes.runner_fixtures"]

UP_OF_A = 'ragpulse_service_up{service="a"}'


@contextmanager
def running(*argv: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as stderr, subprocess.Popen([*WITHOUT_RIGHTS, *argv], cwd=ROOT, stderr=stderr) as process:
        try:
            yield process
        finally:
            process.kill()


class Agent:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> str:
        return loopback.get(self.url + path).text

    def runs(self, source: str, result: str) -> float:
        found = re.search(rf'^ragpulse_source_runs_total{{source="{source}",result="{result}"}} (\S+)$',
                          self.get("/metrics"), re.MULTILINE)  # fmt: skip
        assert found, source
        return float(found[1])

    def is_ready(self) -> bool:
        try:
            return loopback.get(f"{self.url}/readyz").is_success
        except httpx.HTTPError:
            return False


def test_closed_files_cost_their_own_samples_and_are_told_with_what_to_do(tmp_path: Path) -> None:
    root, log = tmp_path / "root", tmp_path / "log"
    shutil.copytree(CAPTURED_6_18, root)
    for name in ("proc/loadavg", "proc/vmstat", "proc/pressure/io", "proc/pressure/memory"):
        (root / name).chmod(0)
    with running(sys.executable, "-m", "tests.fakes.closed_machine", str(root), log=log):
        until(lambda: re.search(r" listen=127\.0\.0\.1:(\d+)\n", log.read_text()), "it listens")
        found = re.search(r" listen=127\.0\.0\.1:(\d+)\n", log.read_text())
        agent = Agent(int(found[1]) if found else 0)
        closed = ("node_cpu", "node_memory", "node_pressure")
        until(lambda: all(agent.runs(source, "error") >= 3 for source in closed), "several runs")
        page, landing = agent.get("/metrics"), agent.get("/")
        for given in ("ragpulse_node_cpu_seconds_total", "ragpulse_node_memory_total_bytes", 'resource="cpu"'):
            assert given in page
        for missing in ("ragpulse_node_load{", "ragpulse_node_oom_kills_total{", 'resource="io"'):
            assert missing not in page
        todo = "; run the agent as a user that may read it, as root may"
        for said in (
            f"{root}/proc/loadavg: Permission denied{todo}",
            f"{root}/proc/vmstat: Permission denied{todo}",
            f"{root}/proc/pressure/memory: Permission denied (and 1 more){todo}",
        ):
            assert said in landing
            assert log.read_text().count(said) == 1, "once, however often it runs"
        assert agent.runs("node_info", "error") == 0
        (root / "proc/loadavg").chmod(0o644)
        until(lambda: "ragpulse_node_load{" in agent.get("/metrics"), "it can be read again")
        until(lambda: "source=node_cpu state=ok" in log.read_text(), "its being told")


def test_without_any_right_every_source_of_the_real_machine_is_well(tmp_path: Path) -> None:
    [port] = free_ports(1)
    config, log = tmp_path / "cluster.yaml", tmp_path / "log"
    config.write_text(
        f"cluster: c\nnodes: {{alpha: {{address: 127.0.0.1, port: {port}}}, beta: {{address: 127.0.0.2}}}}\n"
    )
    argv = (sys.executable, "-m", "ragpulse", "agent", "--config", str(config), "--node", "alpha")
    agent = Agent(port)
    with running(*argv, log=log):
        until(agent.is_ready, "every source had its first run")
        text = log.read_text()
        assert "state=error" not in text
        assert "state=deadline" not in text
        assert agent.runs("node_filesystem", "ok") >= 1


def test_what_a_source_gives_before_it_misses_something_stands_on_the_page(
    make: Make, page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    def answer() -> Iterator[Sample]:
        yield up("a")
        raise PartError("b: Permission denied; run the agent as root")

    caplog.set_level(logging.INFO)
    source = FakeSource("s", answer)
    runner = make(source)
    run_once(runner)
    run_once(runner)
    assert value(page, UP_OF_A) == 1
    assert runs(page, "s") == {"ok": 0, "error": 2, "deadline": 0}
    assert runner.health.error == "b: Permission denied; run the agent as root"
    assert len(caplog.records) == 1
    source.answer = lambda: [up("a", 0)]
    run_once(runner)
    assert (value(page, UP_OF_A), runner.health.state) == (0, "ok")


def test_nonsense_before_something_is_missed_is_still_nonsense(make: Make, page: Page) -> None:
    def answer() -> Iterator[Sample]:
        yield up("a")
        yield up("a")
        raise PartError("b")

    runner = make(FakeSource("s", answer))
    run_once(runner)
    assert value(page, UP_OF_A) is None
    assert "twice" in (runner.health.error or "")


def given(source: Source) -> tuple[set[str], str]:
    """The series of a run, and what it missed."""
    found = set()
    try:
        for sample in source.read():
            found.add(series(sample).removeprefix("ragpulse_"))
    except PartError as error:
        return found, str(error)
    return found, ""


@pytest.fixture
def denied(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of files and folders that this user may not look at."""
    closed: set[str] = set()

    def guarded(real: object) -> object:
        def ask(path: Path, *more: object, **options: object) -> object:
            if path.name in closed:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *more, **options)  # type: ignore[operator]

        return ask

    for look in ("read_bytes", "iterdir", "stat"):
        monkeypatch.setattr(Path, look, guarded(getattr(Path, look)))
    return closed


def test_links_are_shown_with_what_of_them_may_be_read(tmp_path: Path, denied: set[str]) -> None:
    machine = Machine(tmp_path)
    machine.folder("sys/class/net/eth0/device")
    machine.folder("sys/class/net/secret0/device")
    for name, text in {"operstate": "up\n", "mtu": "1500\n", "statistics/rx_bytes": "7\n"}.items():
        machine.write(f"sys/class/net/eth0/{name}", text)
    cluster = Cluster.model_validate({"cluster": "c", "nodes": {"alpha": {"address": "127.0.0.1"}}})
    denied.update({"mtu", "physfn"})
    found, missed = given(NetworkLinks(cluster.nodes["alpha"], tmp_path, addresses=dict))
    assert {key.partition("{")[0] for key in found} == {"network_link_up", "network_received_bytes_total"}
    assert missed.startswith(f"{tmp_path}/sys/class/net/eth0/device/physfn: Permission denied (and 3 more)")
    denied.add("net")
    assert given(NetworkLinks(cluster.nodes["alpha"], tmp_path, addresses=dict))[0] == set()


def test_disks_whose_kind_may_not_be_asked_are_still_counted(tmp_path: Path, denied: set[str]) -> None:
    machine = Machine(tmp_path)
    machine.folder("sys/block/sda/slaves")
    machine.write("proc/diskstats", "8 0 sda 1 0 2 0 3 0 4 0 0 5 0\n")
    denied.update({"size", "slaves"})
    found, missed = given(NodeDisk(tmp_path))
    assert 'disk_read_bytes_total{device="sda"}' in {key.removeprefix("node_") for key in found}
    assert "sys/block/sda/size: Permission denied (and 1 more)" in missed


def test_where_proc_hides_the_processes_of_others_their_number_is_not_made_up(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write("proc/sys/kernel/osrelease", "6.18\n")
    for pid in ("4711", "4712"):
        machine.folder(f"proc/{pid}")
    found, missed = given(NodeInfo(tmp_path, machine="x86_64"))
    assert {key.partition("{")[0] for key in found} == {"node_info"}
    assert missed.startswith(f"{tmp_path}/proc: hides the processes of others (hidepid); run the agent as")
    machine.folder("proc/1")
    found, missed = given(NodeInfo(tmp_path, machine="x86_64"))
    assert ("node_processes" in found, missed) == (True, "")


def test_what_is_broken_and_not_closed_costs_the_whole_run(tmp_path: Path) -> None:
    Machine(tmp_path).unreadable("proc/sys/kernel/osrelease")
    with pytest.raises(SourceError, match="Is a directory") as caught:
        list(NodeInfo(tmp_path).read())
    assert not isinstance(caught.value, PartError)
