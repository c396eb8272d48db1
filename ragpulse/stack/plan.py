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
# The longest are Alertmanager's own, in seconds.
_LONGEST_WAIT, _WAIT_INTERVALS = 15.0, 0.5
_LONGEST_ROUND, _ROUNDS = 0.2, 50
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

    `binaries` is None where this machine only has an agent. One that plays several of `monitoring.nodes` has one
    Overview page, one adapter, and as many of all else, told apart by their names.
    """
    command = Command(python, config_file)
    processes = [_agent(cluster, node, command.module(*agent)) for node in nodes]
    monitoring = [node for node in nodes if node in cluster.monitoring_nodes()]
    for node in monitoring:
        if binaries is not None:
            suffix = f"-{node}" if len(monitoring) > 1 else ""
            prometheus = _prometheus(cluster, node, f"prometheus{suffix}", state, binaries.prometheus)
            alertmanager = _alertmanager(cluster, node, f"alertmanager{suffix}", state, binaries.alertmanager)
            overview = _overview(cluster, command, prometheus, alertmanager, binaries, notifications=notifications)
            is_first = node == monitoring[0]
            # Before Alertmanager, which tells at once what it still knows.
            processes += [_relay(cluster, command, state)] if is_first and relayed(cluster) else []
            processes += [alertmanager, prometheus, *([overview] if is_first else [])]
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


def _prometheus(cluster: Cluster, node: str, name: str, state: Path, binary: Path) -> Process:
    monitoring = cluster.monitoring
    listen = Listen(_address(cluster, node), monitoring.ports.prometheus, "monitoring.ports.prometheus")
    return Process(
        name=name,
        argv=(
            str(binary),
            f"--config.file={state / 'config' / 'prometheus' / 'prometheus.yml'}",
            f"--storage.tsdb.path={state / 'data' / name}",
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


def _alertmanager(cluster: Cluster, node: str, name: str, state: Path, binary: Path) -> Process:
    ports = cluster.monitoring.ports
    listen = Listen(_address(cluster, node), ports.alertmanager, "monitoring.ports.alertmanager")
    peers = [cluster.nodes[other].address for other in cluster.monitoring_nodes() if other != node]
    gossip = Listen(listen.address, ports.alertmanager_cluster, "monitoring.ports.alertmanager_cluster")
    return Process(
        name=name,
        argv=(
            str(binary),
            f"--config.file={state / 'config' / 'alertmanager' / 'alertmanager.yml'}",
            f"--storage.path={state / 'data' / name}",
            f"--web.listen-address={listen}",
            f"--web.external-url=http://{listen}",
            # Killed without warning, it forgets what it sent since the last maintenance.
            "--data.maintenance-interval=5s",
            f"--cluster.listen-address={gossip if peers else ''}",
            *(f"--cluster.peer={Listen(peer, gossip.port, gossip.setting)}" for peer in peers),
            *(_pace(cluster) if peers else ()),
        ),
        about="Alertmanager: groups alerts, notifies people",
        listens=(listen, gossip) if peers else (listen,),
        ready_url=f"http://{listen}/-/ready",
        look_url=f"http://{listen}/",
    )


def _pace(cluster: Cluster) -> tuple[str, str]:
    """How the two of a pair wait for each other, before they tell of what they saw when they began to wait.

    The second waits whether the first tells; one that has just started, ten rounds of gossip. While they wait, what
    they saw can end, and the other can have told that: then it is told again as if it had begun. So both are far
    shorter than a group is kept together (6 intervals), and long enough for a receiver that takes its time.
    """
    step = cluster.monitoring.scrape_interval
    waits, round_ = min(_LONGEST_WAIT, _WAIT_INTERVALS * step), min(_LONGEST_ROUND, step / _ROUNDS)
    return (
        f"--cluster.peer-timeout={prometheus_duration(waits)}",
        f"--cluster.gossip-interval={prometheus_duration(round_)}",
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
