"""The demo as real processes, without those who use it: Chroma, memory service, vLLM stand-in, and both agents.

Faults are planted by another text of the cluster file, by a proxy before a service, or by signals, and mended again.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ragpulse.demo.cluster import chroma_data, cluster_text, keep_secrets
from ragpulse.demo.ports import DemoPorts
from ragpulse.demo.processes import demo_processes
from ragpulse.stack.process import Process
from ragpulse.stack.state import State
from tests.fakes.chroma_server import environment
from tests.fakes.running import answers, free_ports, running, until

FEW = ("--documents", "40", "--notes", "10")


@dataclass(frozen=True)
class Demo:
    state: Path
    ports: DemoPorts
    text: str
    processes: dict[str, subprocess.Popen[bytes]]

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{getattr(self.ports, service)}"

    def written(self, folder: Path, *changes: tuple[str, str]) -> Path:
        """A cluster file with these texts changed; each must stand in it."""
        text = self.text
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        file = folder / "cluster.yaml"
        file.write_text(text)
        return file

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        self.processes[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.processes[name].send_signal(signal.SIGCONT)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another process (here: we) has Chroma's database for itself."""
        file = chroma_data(self.state) / "chroma.sqlite3"
        with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")

    @contextmanager
    def without_memory(self) -> Iterator[None]:
        """The database of the memory service has gone."""
        folder = self.state / "data" / "memory"
        away = folder.rename(folder.with_name("away"))
        try:
            yield
        finally:
            away.rename(folder)

    @contextmanager
    def told(self, fault: str) -> Iterator[None]:
        """The stand-in does one thing wrong."""
        place = State(self.state)
        place.tell_fault("vllm", fault)
        try:
            yield
        finally:
            place.tell_fault("vllm", None)


@contextmanager
def whole_demo(state: Path, interval: str = "5s") -> Iterator[Demo]:
    """`interval`: between two scrapes, which all other times follow from."""
    ports = DemoPorts(*free_ports(8))
    keep_secrets(state)
    State(state).prepare()
    text = cluster_text(state, ports).replace("scrape_interval: 5s", f"scrape_interval: {interval}")
    file = state / "cluster.yaml"
    file.write_text(text)
    plan = {one.name: one for one in demo_processes(state, ports, environment(), sys.executable)}
    with ExitStack() as stack:
        started = {
            name: stack.enter_context(running(plan[name], state / f"log-{name}"))
            for name in ("chroma", "memory", "vllm")
        }
        until(lambda: answers(str(plan["chroma"].ready_url)), "Chroma's heartbeat", seconds=60)
        fill = plan["chroma-fill"]
        subprocess.run(
            (*fill.argv, *FEW), env={**os.environ, **fill.environment}, cwd=state, check=True, capture_output=True
        )
        golden = plan["chroma-canary"]
        subprocess.run(
            golden.argv, env={**os.environ, **golden.environment}, cwd=state, check=True, capture_output=True
        )
        for node, address in (("alpha", "127.0.0.1"), ("beta", "127.0.0.2")):
            argv = (sys.executable, "-m", "ragpulse", "agent", "--config", str(file), "--node", node)
            agent = Process(name=f"agent-{node}", argv=argv, about="")
            started[agent.name] = stack.enter_context(running(agent, state / f"log-{node}"))
            until(partial(answers, f"http://{address}:{ports.agent}/healthz"), "its agent", seconds=60)
        until(lambda: answers(str(plan["vllm"].ready_url)), "the stand-in")
        until(lambda: answers(str(plan["memory"].ready_url)), "the memory service")
        yield Demo(state, ports, text, started)
