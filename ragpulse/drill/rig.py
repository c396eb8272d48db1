"""The demo that a drill breaks: what runs in it, how it is, and the ways of breaking it that several faults share.

Errors: RagpulseError where something does not become as it must be.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from ragpulse.demo.relay import Relay
from ragpulse.drill.cluster import MONITORING
from ragpulse.drill.heard import Ears
from ragpulse.drill.places import Places
from ragpulse.errors import RagpulseError
from ragpulse.inventory import Cluster
from ragpulse.recorded import short_window
from ragpulse.stack.process import Process
from ragpulse.stack.ready import pending
from ragpulse.stack.state import State
from ragpulse.units import prometheus_duration

_ANSWER_SECONDS = 3.0
_LOST = 'max_over_time(ALERTS{{alertname="NodeDown",alertstate="firing"}}[{}])'
_AFTERWARDS = 60.0
# What lives on alpha besides its agent and its half of the monitoring.
_SERVICES = ("chroma", "memory", "vllm")


@dataclass(frozen=True, slots=True)
class Rig:
    """step: seconds between two scrapes. relay: the way to the memory service. ears: who is told."""

    state: State
    places: Places
    cluster: Cluster
    processes: dict[str, Process]
    relay: Relay
    ears: Ears

    @property
    def _settling(self) -> float:
        """For how long a lost node explains what follows from it, once it is back."""
        return short_window(self.cluster) + _AFTERWARDS

    @property
    def step(self) -> float:
        return self.cluster.monitoring.scrape_interval

    def of_node(self, node: str) -> tuple[str, ...]:
        """The processes that go when a node goes."""
        monitoring = (f"prometheus-{node}", f"alertmanager-{node}") if node in MONITORING else ()
        return (f"agent-{node}", *monitoring, *(_SERVICES if node == "alpha" else ()))

    @contextmanager
    def gone(self, *names: str) -> Iterator[None]:
        """Killed, all at once, and not started again before the end."""
        pids = [self._pid(name) for name in names]
        try:
            for name in names:
                self.state.hold(name)
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            yield
        finally:
            for name in names:
                self.state.release(name)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """SIGSTOP: its port stays open, and nothing answers."""
        pid = self._pid(name)
        os.killpg(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGCONT)

    @contextmanager
    def told(self, fault: str) -> Iterator[None]:
        """The stand-in for vLLM does one thing wrong."""
        self.state.tell_fault("vllm", fault)
        try:
            yield
        finally:
            self.state.tell_fault("vllm", None)

    def loud(self, alert: str | None, *, afresh: bool) -> list[str]:
        """What speaks against silence: who is not ready, which page fires or is about to, and this alert. Other tickets
        may be written of a machine that is too slow. afresh: nor may rules still look back to a node that was lost.
        """
        with httpx.Client(trust_env=False, timeout=_ANSWER_SECONDS) as client:
            missing = pending(client, self.processes, self.state.statuses(), self.state.held())
            if missing:
                return [f"{name} {lack}" for name, lack in missing.items()]
            try:
                return [
                    reason
                    for name in self._prometheus()
                    for reason in self._reasons(client, name, alert, afresh=afresh)
                ]
            except (httpx.HTTPError, ValueError, KeyError) as error:
                return [f"Prometheus cannot be asked ({type(error).__name__})"]

    def sum_of(self, expression: str) -> float:
        """Of the numbers that one Prometheus has for it now."""
        with httpx.Client(trust_env=False, timeout=_ANSWER_SECONDS) as client:
            return sum(float(found["value"][1]) for found in self._ask(client, self._prometheus()[0], expression))

    def _reasons(self, client: httpx.Client, prometheus: str, alert: str | None, *, afresh: bool) -> Iterator[str]:
        if afresh and self._ask(client, prometheus, _LOST.format(prometheus_duration(self._settling))):
            yield "a node that was lost still explains what lives on it"
        for found in self._ask(client, prometheus, "ALERTS"):
            labels = found["metric"]
            if labels["severity"] == "page" or labels["alertname"] == alert:
                yield f"{labels['alertname']} is {labels['alertstate']}"
        ready = {found["metric"]["service"] for found in self._ask(client, prometheus, "ragpulse_service_ready == 1")}
        for name in self.cluster.services:
            if name not in ready:
                yield f"{name} is not known to be ready"

    def _prometheus(self) -> list[str]:
        return [name for name in self.processes if name.startswith("prometheus")]

    def _ask(self, client: httpx.Client, prometheus: str, expression: str) -> list[Any]:
        url = f"http://{self.processes[prometheus].listens[0]}/api/v1/query"
        answer = client.get(url, params={"query": expression}).raise_for_status().json()
        found: list[Any] = answer["data"]["result"]
        return found

    def _pid(self, name: str) -> int:
        status = self.state.statuses().get(name)
        if status is None or status.identity is None or not status.identity.alive():
            raise RagpulseError(f"{name} does not run, so it cannot be broken; see {self.state.log(name)}")
        return status.identity.pid
