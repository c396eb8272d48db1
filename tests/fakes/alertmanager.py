"""A real Alertmanager with the files that are generated for a cluster, called as `up` calls it."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from alerts.alertmanager import render
from ragpulse import cluster_file, yaml_file
from ragpulse.commands.generate import write
from ragpulse.inventory import Cluster
from ragpulse.stack.binaries import Binaries
from ragpulse.stack.plan import monitoring_processes
from tests.fakes import loopback
from tests.fakes.binaries import binary
from tests.fakes.running import answers, running, until

ONE_NODE = """\
cluster: tron
nodes: {{alpha: {{address: 127.0.0.1}}}}
monitoring: {{scrape_interval: 1s, ports: {{alertmanager: {alertmanager}, relay: {relay}}}}}
"""


@dataclass(frozen=True)
class Alertmanager:
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def post(self, *alerts: Mapping[str, object]) -> None:
        """As Prometheus sends them."""
        sent = httpx.post(f"{self.url}/api/v2/alerts", json=list(alerts), trust_env=False, verify=loopback.NO_TLS)
        sent.raise_for_status()


def binaries(generation: int) -> Binaries:
    return Binaries(*(binary(name, generation) for name in ("prometheus", "promtool", "alertmanager", "amtool")))


def cluster(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


@contextmanager
def alertmanager_of(of: Cluster, folder: Path, generation: int) -> Iterator[Alertmanager]:
    """Of the first monitoring node, ready. Started again in the same folder it finds what it kept."""
    write(
        {f"alertmanager/{name}": content for name, content in render(of).items()},
        folder / "config",
        ("alertmanager", "alertmanager/templates"),
    )
    node = of.monitoring_nodes()[0]
    planned = monitoring_processes(
        of, (node,), folder, binaries(generation), python="python", config_file=folder / "cluster.yaml"
    )
    [process] = [each for each in planned if each.name == "alertmanager"]
    log = folder / "alertmanager.log"
    with running(process, log) as started:
        until(lambda: started.poll() is not None or answers(f"{process.ready_url}"), "Alertmanager")
        assert started.poll() is None, log.read_text()
        yield Alertmanager(f"http://{process.listens[0]}", started, log)


def alert(name: str, severity: str, component: str = "chroma", **annotations: str) -> dict[str, object]:
    labels = {"alertname": name, "severity": severity, "component": component, "cluster": "tron", "node": "sark"}
    return {"labels": labels, "annotations": annotations}
