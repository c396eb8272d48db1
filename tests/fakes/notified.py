"""A real Alertmanager of one generation and the adapter, as `up` starts them, with a receiver of each way."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from ragpulse import cluster_file
from ragpulse.commands.generate import files
from ragpulse.inventory import Cluster
from ragpulse.stack.binaries import Binaries
from ragpulse.stack.plan import monitoring_processes
from ragpulse.stack.process import Process
from tests.fakes import loopback
from tests.fakes.binaries import binary
from tests.fakes.relay_rig import Rig, secret
from tests.fakes.running import ROOT, answers, free_ports, running, until
from tests.fakes.told_services import DISCORD_PATH, HOOK_PATH, NTFY_TOKEN, TELEGRAM_TOKEN, TOPIC_PATH

PYTHON = str(ROOT / ".venv" / "bin" / "python")


def cluster_text(folder: Path, url: str) -> str:
    """`plain` and `pager` are told by Alertmanager itself."""
    alertmanager, relay = free_ports(2)
    place = {
        "discord": secret(folder, "discord", url + DISCORD_PATH),
        "telegram": secret(folder, "telegram", TELEGRAM_TOKEN),
        "topic": secret(folder, "topic", url + TOPIC_PATH), "ntfy": secret(folder, "ntfy", NTFY_TOKEN),
        "relay": secret(folder, "relay", "a-secret-of-the-adapter"), "key": secret(folder, "key", "a-secret-key"),
    }  # fmt: skip
    return f"""
cluster: tron
nodes: {{alpha: {{address: 127.0.0.1}}}}
monitoring: {{scrape_interval: 1s, ports: {{alertmanager: {alertmanager}, relay: {relay}}}}}
notify:
  receivers:
    discord: {{kind: discord, url_file: {place["discord"]}}}
    telegram: {{kind: telegram, token_file: {place["telegram"]}, chat_id: -7, url: "{url}"}}
    ntfy: {{kind: ntfy, url_file: {place["topic"]}, token_file: {place["ntfy"]}}}
    plain: {{kind: webhook, url: "{url}{HOOK_PATH}"}}
    pager: {{kind: pagerduty, routing_key_file: {place["key"]}, url: "{url}{HOOK_PATH}"}}
  page: [discord, telegram, ntfy, plain]
  relay_token_file: {place["relay"]}
"""


@dataclass
class Notified:
    config: Path
    cluster: Cluster
    alertmanager: str
    relay: Rig
    processes: dict[str, Process]
    relay_log: Path

    def fire(self, name: str = "ServiceDown", **labels: str) -> None:
        alert = {
            "labels": {"alertname": name, "severity": "page", "component": "chroma", "cluster": "tron", **labels},
            "annotations": {"summary": "chroma: nobody answers."},
            "startsAt": datetime.now(UTC).isoformat(),
        }
        httpx.post(
            f"{self.alertmanager}/api/v2/alerts", json=[alert], trust_env=False, verify=loopback.NO_TLS
        ).raise_for_status()


@contextmanager
def notified(folder: Path, url: str, generation: int) -> Iterator[Notified]:
    """`url`: of the services that are told."""
    config = folder / "cluster.yaml"
    config.write_text(cluster_text(folder, url))
    rig = planned(config, generation)
    for name, content in files(rig.cluster).items():
        if name.startswith("alertmanager/"):
            (folder / "config" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "config" / name).write_text(content)
    with ExitStack() as stack:
        for name in ("relay", "alertmanager"):
            stack.enter_context(started(rig, name))
        yield rig


def planned(config: Path, generation: int) -> Notified:
    cluster = cluster_file.load(config)
    binaries = Binaries(*(binary(name, generation) for name in ("prometheus", "promtool", "alertmanager", "amtool")))
    processes = {
        process.name: process
        for process in monitoring_processes(
            cluster, ("alpha",), config.parent, binaries, python=PYTHON, config_file=config
        )
    }
    relay = f"http://{processes['relay'].listens[0]}"
    letters = config.parent / "data" / "relay" / "dead-letters.jsonl"
    alertmanager = f"http://{processes['alertmanager'].listens[0]}"
    return Notified(config, cluster, alertmanager, Rig(relay, letters), processes, config.parent / "relay.log")


@contextmanager
def started(rig: Notified, name: str) -> Iterator[subprocess.Popen[bytes]]:
    process = rig.processes[name]
    log = rig.config.parent / f"{name}.log"
    with running(process, log) as running_process:
        until(lambda: running_process.poll() is not None or answers(str(process.ready_url)), name)
        assert running_process.poll() is None, log.read_text()
        yield running_process
