"""In a pair each half is the dead man's switch of the other: real Prometheus and Alertmanager, twice, on loopback."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from ragpulse.commands.generate import files, write
from ragpulse.inventory import Cluster
from ragpulse.stack.plan import monitoring_processes
from tests.fakes import loopback
from tests.fakes.alertmanager import binaries, cluster
from tests.fakes.binaries import each_generation
from tests.fakes.http_replay import Replay, replay_server, reply
from tests.fakes.running import answers, free_ports, running, until

PAIR = """\
cluster: tron
nodes:
  alpha: {{address: 127.0.0.1, port: {agent}}}
  beta: {{address: 127.0.0.2, port: {agent}}}
monitoring:
  nodes: [alpha, beta]
  scrape_interval: 1s
  ports: {{prometheus: {prometheus}, alertmanager: {alertmanager}, alertmanager_cluster: {gossip}}}
notify:
  receivers: {{desk: {{kind: webhook, url: '{url}/told'}}}}
  page: [desk]
  ticket: [desk]
"""
EMPTY_PAGE = reply(body=b"agent_is_here 1\n", Content_Type="text/plain; version=0.0.4")


@dataclass
class Pair:
    of: Cluster
    folder: Path
    generation: int
    receiver: Replay
    halves: dict[str, list[subprocess.Popen[bytes]]] = field(default_factory=dict)

    @contextmanager
    def half(self, node: str) -> Iterator[None]:
        """Its Prometheus and its Alertmanager, ready."""
        state = self.folder / node
        write(files(self.of), state / "config", ())
        planned = monitoring_processes(
            self.of, (node,), state, binaries(self.generation), python="python", config_file=state / "cluster.yaml"
        )
        with ExitStack() as stack:
            self.halves[node] = []
            for process in planned:
                if process.name in {"prometheus", "alertmanager"}:
                    started = stack.enter_context(running(process, state / f"{process.name}.log"))
                    self.halves[node].append(started)
                    until(lambda: answers(str(process.ready_url)), f"{process.name} of {node}")  # noqa: B023
            yield

    def kill(self, node: str) -> None:
        for process in self.halves[node]:
            process.send_signal(signal.SIGKILL)
        for process in self.halves[node]:
            process.wait(10)

    def told(self, status: str) -> list[set[tuple[str, str, str]]]:
        """Name, node and job of all alerts of each notification whose group stands so."""
        bodies = [json.loads(asked.body) for asked in self.receiver.asked]
        return [
            {
                (one["labels"]["alertname"], one["labels"]["node"], one["labels"].get("job", ""))
                for one in body["alerts"]
            }
            for body in bodies
            if body["status"] == status
        ]

    def all_up(self, by: str) -> bool:
        found = loopback.get(
            f"http://{by}:{self.of.monitoring.ports.prometheus}/api/v1/query", params={"query": "count(up == 1)"}
        )
        result = found.json()["data"]["result"]
        return bool(result) and result[0]["value"][1] == "6"


@pytest.fixture
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    agent, prometheus, alertmanager, gossip = free_ports(4)
    with ExitStack() as stack:
        for address in ("127.0.0.1", "127.0.0.2"):
            stack.enter_context(replay_server(address, agent)).get("/metrics", EMPTY_PAGE)
        receiver = stack.enter_context(replay_server())
        receiver.post("/told", reply())
        text = PAIR.format(
            agent=agent, prometheus=prometheus, alertmanager=alertmanager, gossip=gossip, url=receiver.url
        )
        yield Pair(cluster(text), tmp_path, request.getfixturevalue("generation"), receiver)


@pytest.mark.proof  # 20 s, most of which is waiting
@each_generation
def test_a_killed_half_is_told_of_once_by_the_other_half(generation: int, pair: Pair) -> None:
    del generation  # the pair's
    with pair.half("alpha"):
        with pair.half("beta"):
            until(lambda: pair.all_up("127.0.0.1"), "each seen by alpha")
            until(lambda: pair.all_up("127.0.0.2"), "each seen by beta")
            pair.kill("beta")
            until(lambda: pair.told("firing"), "the page", 60)
        with pair.half("beta"):
            until(lambda: pair.told("resolved"), "its end", 60)
    assert pair.told("firing") == [
        {("MonitoringDown", "beta", "prometheus"), ("MonitoringDown", "beta", "alertmanager")}
    ]
    assert len(pair.told("resolved")) == 1


@pytest.mark.parametrize(("interval", "hold", "wait"), [("1s", "15s", "2500ms"), ("10s", "30s", "25s")])
def test_what_is_found_by_two_rounds_is_told_together_and_a_new_prometheus_may_look_around(
    interval: str, hold: str, wait: str
) -> None:
    of = cluster(f"cluster: c\nnodes: {{a: {{address: 127.0.0.1}}}}\nmonitoring: {{scrape_interval: {interval}}}\n")
    rules = yaml.safe_load(files(of)["prometheus/rules/monitoring.yml"])["groups"][0]["rules"]
    assert [rule["for"] for rule in rules if rule.get("alert") == "PrometheusAlertmanagerMissing"] == [hold]
    routes = yaml.safe_load(files(of)["alertmanager/alertmanager.yml"])["route"]["routes"]
    assert [route["group_wait"] for route in routes if "MonitoringDown" in route["matchers"][0]] == [wait]
