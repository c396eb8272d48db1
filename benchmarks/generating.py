"""How does the cost of `ragpulse generate` grow with the nodes? CPU seconds, the least of several times, all files.

The services stay as they are: their rules and panels are not what a cluster of many nodes has more of.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.limits import Judgement
from benchmarks.markdown import Row, milliseconds, table
from ragpulse import cluster_file, yaml_file
from ragpulse.commands import generate
from ragpulse.inventory import Cluster

FEW, MANY = 2, 200
RATIO = 5.0
TIMES = 5
_SECTION = """
## Generating

`ragpulse generate`, all files of the example cluster with {few} and with {many} nodes: CPU time, the least of {times}.
"""


@dataclass(frozen=True, slots=True)
class Generated:
    nodes: int
    seconds: float
    bytes: int


def measure(example: Path, times: int = TIMES) -> list[Generated]:
    return [_generated(_of_nodes(example, count), times) for count in (FEW, MANY)]


def judge(found: list[Generated]) -> Judgement:
    few, many = found
    return Judgement(f"generating for {MANY} nodes / for {FEW}", many.seconds / few.seconds, RATIO)


def section(found: list[Generated]) -> str:
    return (
        _SECTION.format(few=FEW, many=MANY, times=TIMES)
        + "\n"
        + table(("nodes", "CPU, ms", "KiB written"), map(_row, found))
    )


def _row(one: Generated) -> Row:
    return str(one.nodes), milliseconds(one.seconds), f"{one.bytes / 1024:.0f}"


def _generated(cluster: Cluster, times: int) -> Generated:
    spent = []
    for _ in range(times):
        before = time.process_time()
        files = generate.files(cluster)
        spent.append(time.process_time() - before)
    return Generated(len(cluster.nodes), min(spent), sum(map(len, files.values())))


def _of_nodes(example: Path, count: int) -> Cluster:
    """The example, and nodes beside its own that are like its last one."""
    said = yaml.safe_load(example.read_text())
    *_, last = said["nodes"].values()
    of_last = last.get("networks", {})
    for number in range(len(said["nodes"]), count):
        address = f"198.18.0.{number}"
        networks = {tier: f"198.18.{place}.{number}" for place, tier in enumerate(of_last, 1)}
        said["nodes"][f"node-{number}"] = {**last, "address": address, "networks": networks}
    name = f"{count} nodes"
    return cluster_file.parse(yaml_file.parse(yaml.safe_dump(said, sort_keys=False), name), name)
