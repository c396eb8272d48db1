"""A real Alertmanager of one generation and the adapter, as `up` starts them, with a receiver of each way."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ragpulse import cluster_file
from ragpulse.inventory import Cluster
from ragpulse.stack.plan import monitoring_processes
from ragpulse.stack.process import Process
from tests.fakes.alertmanager import Alertmanager, alertmanager_of, binaries
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
class Adapter:
    """As `up` would start it. `relay`: what to ask of it; `log`: what it says."""

    config: Path
    cluster: Cluster
    process: Process
    relay: Rig
    log: Path

    @contextmanager
    def started(self) -> Iterator[subprocess.Popen[bytes]]:
        with running(self.process, self.log) as process:
            until(lambda: process.poll() is not None or answers(str(self.process.ready_url)), "the adapter")
            assert process.poll() is None, self.log.read_text()
            yield process


@dataclass
class Notified:
    adapter: Adapter
    alertmanager: Alertmanager

    @property
    def config(self) -> Path:
        return self.adapter.config


def adapter(folder: Path, url: str) -> Adapter:
    """`url`: of the services that are told."""
    config = folder / "cluster.yaml"
    config.write_text(cluster_text(folder, url))
    cluster = cluster_file.load(config)
    planned = monitoring_processes(cluster, ("alpha",), folder, binaries(0), python=PYTHON, config_file=config)
    [process] = [each for each in planned if each.name == "relay"]
    rig = Rig(f"http://{process.listens[0]}", folder / "data" / "relay" / "dead-letters.jsonl")
    return Adapter(config, cluster, process, rig, folder / "relay.log")


@contextmanager
def notified(folder: Path, url: str, generation: int) -> Iterator[Notified]:
    found = adapter(folder, url)
    with found.started(), alertmanager_of(found.cluster, folder, generation) as alertmanager:
        yield Notified(found, alertmanager)
