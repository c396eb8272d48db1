"""Which processes does the monitoring of one node consist of, and with which arguments?

Each node runs its agent; a node of `monitoring.nodes` also Prometheus, Alertmanager and the Overview page, and the
adapter where a receiver needs it (`ragpulse.relayed`). A single
Prometheus and Alertmanager listen on 127.0.0.1, those of a pair on the address that their peer reaches.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from ragpulse.inventory import Cluster
from ragpulse.relayed import relayed
from ragpulse.stack.binaries import Binaries
from ragpulse.stack.process import Listen, Process
from ragpulse.units import prometheus_duration

_LOOPBACK = "127.0.0.1"
_AGENT = ("ragpulse", "agent")
# Sums over a month leave much garbage at once. Collected earlier, it takes less memory for a little more work:
# docs/budgets.md has what was measured.
PROMETHEUS_ENVIRONMENT = {"GOGC": "50"}


@dataclass(frozen=True, slots=True)
class Command:
    """How our own processes are called: with which interpreter, on which cluster file."""

    python: str
    config_file: Path

    def module(self, *words: str) -> tuple[str, ...]:
        return (self.python, "-m", *words, "--config", str(self.config_file))


def monitoring_processes(
    cluster: Cluster,
    nodes: tuple[str, ...],
    state: Path,
    binaries: Binaries | None,
    *,
    python: str,
    config_file: Path,
    notifications: Path | None = None,
    agent: tuple[str, ...] = _AGENT,
) -> list[Process]:
    """`nodes`: what this machine plays (one, but for the demo). `notifications`: what the demo's receiver writes.
    `agent`: module and first words of an agent's call.

    `binaries` is None where this machine only has an agent.
    """
    command = Command(python, config_file)
    processes = [_agent(cluster, node, command.module(*agent)) for node in nodes]
    for node in nodes:
        if binaries is not None and node in cluster.monitoring_nodes():
            prometheus = _prometheus(cluster, node, state, binaries.prometheus)
            alertmanager = _alertmanager(cluster, node, state, binaries.alertmanager)
            overview = _overview(cluster, command, prometheus, alertmanager, binaries, notifications=notifications)
            # Before Alertmanager, which tells at once what it still knows.
            processes += [_relay(cluster, command, state)] if relayed(cluster) else []
            processes += [alertmanager, prometheus, overview]
    return processes


def _agent(cluster: Cluster, node: str, called: tuple[str, ...]) -> Process:
    listen = Listen(cluster.nodes[node].address, cluster.nodes[node].port, f"nodes.{node}.port")
    return Process(
        name=f"agent-{node}",
        argv=(*called, "--node", node),
        about=f"agent of {node}: reads this machine, probes services",
        listens=(listen,),
        ready_url=f"http://{listen}/readyz",
        look_url=f"http://{listen}/",
    )


def _prometheus(cluster: Cluster, node: str, state: Path, binary: Path) -> Process:
    monitoring = cluster.monitoring
    listen = Listen(_address(cluster, node), monitoring.ports.prometheus, "monitoring.ports.prometheus")
    return Process(
        name="prometheus",
        argv=(
            str(binary),
            f"--config.file={state / 'config' / 'prometheus' / 'prometheus.yml'}",
            f"--storage.tsdb.path={state / 'data' / 'prometheus'}",
            f"--storage.tsdb.retention.time={prometheus_duration(monitoring.retention)}",
            f"--web.listen-address={listen}",
            f"--web.external-url=http://{listen}",
            # Alertmanager forgets an alert that is not repeated; this decides how soon a restarted one knows it again.
            "--rules.alert.resend-delay=15s",
        ),
        about="Prometheus: keeps the numbers, evaluates the rules",
        listens=(listen,),
        ready_url=f"http://{listen}/-/ready",
        look_url=f"http://{listen}/",
        environment=PROMETHEUS_ENVIRONMENT,
    )


def _alertmanager(cluster: Cluster, node: str, state: Path, binary: Path) -> Process:
    ports = cluster.monitoring.ports
    listen = Listen(_address(cluster, node), ports.alertmanager, "monitoring.ports.alertmanager")
    peers = [cluster.nodes[other].address for other in cluster.monitoring_nodes() if other != node]
    gossip = Listen(listen.address, ports.alertmanager_cluster, "monitoring.ports.alertmanager_cluster")
    return Process(
        name="alertmanager",
        argv=(
            str(binary),
            f"--config.file={state / 'config' / 'alertmanager' / 'alertmanager.yml'}",
            f"--storage.path={state / 'data' / 'alertmanager'}",
            f"--web.listen-address={listen}",
            f"--web.external-url=http://{listen}",
            # Killed without warning, it forgets what it sent since the last maintenance.
            "--data.maintenance-interval=5s",
            f"--cluster.listen-address={gossip if peers else ''}",
            *(f"--cluster.peer={Listen(peer, gossip.port, gossip.setting)}" for peer in peers),
        ),
        about="Alertmanager: groups alerts, notifies people",
        listens=(listen, gossip) if peers else (listen,),
        ready_url=f"http://{listen}/-/ready",
        look_url=f"http://{listen}/",
    )


def _relay(cluster: Cluster, command: Command, state: Path) -> Process:
    listen = Listen(_LOOPBACK, cluster.monitoring.ports.relay, "monitoring.ports.relay")
    return Process(
        name="relay",
        argv=(*command.module("ragpulse.relay"), "--folder", str(state / "data" / "relay")),
        about=f"adapter of notifications: tells {', '.join(relayed(cluster))}",
        listens=(listen,),
        ready_url=f"http://{listen}/healthz",
    )


def _overview(
    cluster: Cluster,
    command: Command,
    prometheus: Process,
    alertmanager: Process,
    binaries: Binaries,
    *,
    notifications: Path | None,
) -> Process:
    listen = Listen(_LOOPBACK, cluster.monitoring.ports.overview, "monitoring.ports.overview")
    return Process(
        name="overview",
        argv=(
            *command.module("ragpulse", "overview"),
            f"--listen={listen}",
            f"--prometheus=http://{prometheus.listens[0]}",
            f"--alertmanager=http://{alertmanager.listens[0]}",
            *((f"--notifications={notifications}",) if notifications else ()),
        ),
        about="Overview page: is each target met",
        listens=(listen,),
        ready_url=f"http://{listen}/healthz",
        look_url=f"http://{listen}/",
        # Its runbooks name promtool and amtool, which need not be on PATH.
        environment={"RAGPULSE_BIN": os.pathsep.join(map(str, binaries.folders()))},
    )


def _address(cluster: Cluster, node: str) -> str:
    return cluster.nodes[node].address if len(cluster.monitoring_nodes()) > 1 else _LOOPBACK
