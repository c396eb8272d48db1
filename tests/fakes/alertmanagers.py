"""A real pair of Alertmanagers, as the plan starts it, over two nodes of this machine that hear of nothing else."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from alerts.alertmanager import render
from ragpulse import atomic, cluster_file, endpoints
from ragpulse.inventory import Cluster
from ragpulse.stack.binaries import Binaries
from ragpulse.stack.plan import monitoring_processes
from ragpulse.stack.process import Process
from tests.fakes.binaries import binary
from tests.fakes.running import answers, free_ports, running, until

_TEXT = """\
cluster: two
nodes:
  a: {{address: 127.0.0.1}}
  b: {{address: 127.0.0.2}}
services:
  chroma: {{kind: chroma, nodes: [a], url: "http://127.0.0.1:8001"}}
  gateway: {{kind: http, nodes: [a], url: "http://127.0.0.1", depends_on: [chroma]}}
  memory: {{kind: memory, nodes: [b], url: "http://127.0.0.2:3000", preset: generic}}
  web: {{kind: http, nodes: [b], url: "http://127.0.0.2"}}
backups:
  web: {{kind: borg, node: b, state_file: /var/lib/web.json}}
monitoring:
  nodes: [a, b]
  ports: {{alertmanager: {port}, alertmanager_cluster: {gossip}}}
"""


@dataclass(frozen=True)
class Pair:
    """`urls`: of the nodes a and b."""

    file: Path
    cluster: Cluster
    urls: tuple[str, str]


@contextmanager
def pair(generation: int, folder: Path) -> Iterator[Pair]:
    port, gossip = free_ports(2)
    file = folder / "cluster.yaml"
    file.write_text(_TEXT.format(port=port, gossip=gossip))
    cluster = cluster_file.load(file)
    first, second = (f"http://{place}" for place in endpoints.alertmanager(cluster).values())
    with ExitStack() as stack:
        for process, log in _planned(cluster, generation, folder):
            stack.enter_context(running(process, log))
        for url in (first, second):
            until(partial(answers, f"{url}/-/ready"), f"{url} is ready")
        yield Pair(file, cluster, (first, second))


def _planned(cluster: Cluster, generation: int, folder: Path) -> Iterator[tuple[Process, Path]]:
    programs = Binaries(*(binary(name, generation) for name in ("prometheus", "promtool", "alertmanager", "amtool")))
    for node in cluster.nodes:
        state = folder / node
        atomic.write(state / "config" / "alertmanager" / "alertmanager.yml", render(cluster)["alertmanager.yml"])
        planned = monitoring_processes(cluster, (node,), state, programs, python="", config_file=state)
        yield next(each for each in planned if each.name == "alertmanager"), state / "log"
