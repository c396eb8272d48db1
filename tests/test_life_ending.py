"""Agent and supervisor end at once when told, with status 0 and a last line: starting, scraped, twice, orphaned."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ragpulse.stack.identity import STATE_VARIABLE, members, started
from ragpulse.stack.process import Process
from ragpulse.stack.state import Plan, State
from tests.fakes.running import ROOT, answers, free_ports, until
from tests.fakes.small_processes import sleeper

SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
END_SECONDS = 2.0


class Agent:
    """The real one. Its cluster file may also be a pipe, at which its start waits."""

    def __init__(self, folder: Path) -> None:
        [self.port] = free_ports(1)
        self.config = folder / "cluster.yaml"
        self.text = f"cluster: c\nnodes: {{alpha: {{address: 127.0.0.1, port: {self.port}}}}}\n"
        self.log = folder / "agent.log"
        self.log.touch()
        self.url = f"http://127.0.0.1:{self.port}"
        self.argv = (sys.executable, "-m", "ragpulse", "agent", "--config", str(self.config), "--node", "alpha")

    @contextmanager
    def started(self, *before: str) -> Iterator[subprocess.Popen[bytes]]:
        with self.log.open("wb") as stderr, subprocess.Popen([*before, *self.argv], cwd=ROOT, stderr=stderr) as process:
            try:
                yield process
            finally:
                process.kill()

    def lives(self) -> bool:
        return answers(f"{self.url}/healthz")


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    agent = Agent(tmp_path)
    agent.config.write_text(agent.text)
    return agent


def ended(process: subprocess.Popen[bytes]) -> float:
    """Seconds until it has ended by itself."""
    start = time.monotonic()
    process.wait(10)
    return time.monotonic() - start


def told(process: subprocess.Popen[bytes], number: int) -> float:
    """As `ended`; told anew until it is heard: one that comes just before a read begins is heard when that returns."""
    start = time.monotonic()
    while process.poll() is None and time.monotonic() < start + 10:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    return time.monotonic() - start


@contextmanager
def waiting_at(pipe: Path) -> Iterator[None]:
    """Somebody reads it, and gets nothing: a start that is under way."""
    opened: list[int] = []

    def is_read() -> bool:
        with suppress(OSError):  # while nobody reads it
            opened.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        return bool(opened)

    until(is_read, "its being read")
    yield
    os.close(opened[0])


@SIGNALS
def test_an_agent_that_is_told_while_it_starts_ends_at_once(tmp_path: Path, number: int) -> None:
    agent = Agent(tmp_path)
    os.mkfifo(agent.config)
    with agent.started() as process, waiting_at(agent.config):
        assert told(process, number) < END_SECONDS
    assert process.returncode == 0
    assert agent.log.read_text().endswith("level=info node=alpha state=ended\n")


@SIGNALS
def test_an_agent_that_is_told_twice_during_a_scrape_ends_once(agent: Agent, number: int) -> None:
    with agent.started() as process:
        until(agent.lives, "it serves")
        with socket.create_connection(("127.0.0.1", agent.port)) as scrape:
            scrape.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n")
            process.send_signal(number)
            process.send_signal(number)
            assert ended(process) < END_SECONDS
    assert process.returncode == 0
    assert agent.log.read_text().count("state=ended") == 1


def test_an_agent_hears_a_signal_that_the_kernel_gave_to_another_thread() -> None:
    code = """
import logging, os, signal, sys, threading, time
from pathlib import Path
from exporters.agent import serve
from exporters.server import listener

main = Path(f"/proc/self/task/{os.getpid()}/stat")

def signalled():
    waiting = 0
    while waiting < 20:  # looks in a row, at each of which the main thread could have run
        time.sleep(0.001)
        waiting = waiting + 1 if main.read_text().rpartition(")")[2].split()[0] == "S" else 0
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

class Listening(logging.Handler):
    def emit(self, record):
        if "listen=" in record.getMessage():
            threading.Thread(target=signalled, daemon=True).start()

logging.basicConfig(level=logging.INFO, handlers=[Listening()])
serve(((), ""), "alpha", listener("127.0.0.1", 0, "port"), lambda: ((), ""))
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=20, check=False).returncode == 0


def test_an_agent_whose_log_is_a_full_disk_serves_and_ends_as_any_other(agent: Agent) -> None:
    agent.log.unlink()
    agent.log.symlink_to("/dev/full")
    with agent.started() as process:
        until(lambda: answers(f"{agent.url}/readyz"), "it serves")
        process.terminate()
        assert ended(process) < END_SECONDS
    assert process.returncode == 0


def test_an_agent_whose_standard_error_is_closed_serves_and_ends_as_any_other(agent: Agent) -> None:
    with agent.started("sh", "-c", 'exec "$@" 2>&-', "sh") as process:
        until(agent.lives, "it serves")
        process.terminate()
        assert ended(process) < END_SECONDS
    assert process.returncode == 0


def test_an_agent_whose_log_nobody_reads_any_more_serves_and_ends_as_any_other(agent: Agent) -> None:
    reading, writing = os.pipe()
    with subprocess.Popen(agent.argv, cwd=ROOT, stderr=writing) as process:
        os.close(writing)
        os.close(reading)
        until(agent.lives, "it serves")
        process.terminate()
        assert ended(process) < END_SECONDS
    assert process.returncode == 0


def test_an_agent_outlives_whoever_started_it(agent: Agent) -> None:
    with agent.log.open("wb") as stderr:
        shell = subprocess.run(
            ["sh", "-c", '"$@" >/dev/null & echo $!', "sh", *agent.argv],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, check=True,
        )  # fmt: skip
    pid = int(shell.stdout)
    try:
        until(agent.lives, "it serves, its parent gone")
        os.kill(pid, signal.SIGTERM)
        until(lambda: started(pid) is None, "its end")
    finally:
        if started(pid) is not None:
            os.kill(pid, signal.SIGKILL)
    assert agent.log.read_text().endswith("node=alpha state=ended\n")


@contextmanager
def supervisor(state: State, *processes: Process) -> Iterator[subprocess.Popen[bytes]]:
    if processes:
        state.write_plan(Plan("digest", demo=False, config_file="c", processes=processes))
    argv = (sys.executable, "-m", "ragpulse.stack.supervise", "--state", str(state.folder))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), STATE_VARIABLE: str(state.folder)}
    with state.log("supervisor").open("wb") as log, subprocess.Popen(argv, stderr=log, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def runs(state: State, name: str) -> bool:
    status = state.statuses().get(name)
    return status is not None and status.state == "running"


@SIGNALS
def test_a_supervisor_that_is_told_while_it_starts_ends_at_once(state: State, number: int) -> None:
    os.mkfifo(state.folder / "run" / "plan.json")
    with supervisor(state) as process, waiting_at(state.folder / "run" / "plan.json"):
        assert told(process, number) < END_SECONDS
    assert process.returncode == 0
    assert state.log("supervisor").read_text().endswith(" ended\n")


@SIGNALS
def test_a_supervisor_that_is_told_twice_ends_its_children_and_itself(state: State, number: int) -> None:
    with supervisor(state, sleeper("one"), sleeper("two")) as process:
        until(lambda: runs(state, "one") and runs(state, "two"), "both run")
        process.send_signal(number)
        process.send_signal(number)
        assert ended(process) < END_SECONDS
    assert process.returncode == 0
    assert state.log("supervisor").read_text().endswith(" ended\n")
    assert members(state.folder) == []


def test_a_supervisor_goes_on_when_its_terminal_hangs_up(state: State) -> None:
    with supervisor(state, sleeper("one")) as process:
        until(lambda: runs(state, "one"), "it runs")
        process.send_signal(signal.SIGHUP)
        state.hold("one")
        until(lambda: not runs(state, "one"), "it still does its work")
        assert process.poll() is None
        process.terminate()
        process.wait(10)
    assert process.returncode == 0
