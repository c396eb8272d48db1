"""A week of the demo's cluster as Prometheus would hold it, of all that the Overview page asks for. What that is comes
from the page's own questions, so that nothing is left out when it asks for more.

The values are made up: all is well. A sample every two minutes, and every ten seconds from an hour ago until some
minutes ahead, so that nothing grows old while the page is measured. Errors: CalledProcessError.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ragpulse import foreign, recorded
from ragpulse.catalogue import BY_NAME, chroma, gpu, node, vllm
from ragpulse.inventory import Cluster
from ragpulse.metric import LATENCY_EDGES, Metric
from ragpulse.objectives import objectives
from ragpulse.promql import AGENT_JOB

_WEEK, _HOUR, _AHEAD = 7 * 86_400, 3600, 1200
_COARSE, _FINE = 120, 10
_BLOCK = "64h"  # of two hours, as Prometheus itself makes them, they would take minutes
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_PART = re.compile(r"_(bucket|sum|count)$")
_STATES = {vllm.STATE: vllm.STATES, chroma.STATE: chroma.STATES, gpu.STATE: gpu.STATES}
_CHOICES = {
    "mode": node.CPU_MODES,
    "band": gpu.BANDS,
    "check": ("ready", "query", "canary"),
    "reason": ("timeout", "connect"),
}
_UP = 3.0  # of a component
_ATTAINED = 0.9995

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """until: Unix seconds; from then on the data grow old."""

    series: int
    samples: int
    until: float


Line = tuple[str, Labels, float, float]  # name, labels, value at the end, growth per second


def write(cluster: Cluster, expressions: Iterable[str], promtool: Path, now: float, folder: Path) -> Written:
    """Blocks in `folder`/data."""
    end = int(now) // _COARSE * _COARSE
    times = [*range(end - _WEEK, end - _HOUR, _COARSE), *range(end - _HOUR, end + _AHEAD, _FINE)]
    written = 0
    text = folder / "week.txt"
    with text.open("w") as file:
        for name, labels, value, growth in series(cluster, expressions, end):
            selector = ",".join(f'{label}="{value}"' for label, value in labels.items())
            file.writelines(f"{name}{{{selector}}} {value + growth * (at - end)!r} {at}\n" for at in times)
            written += 1
        file.write("# EOF\n")
    subprocess.run(
        [
            promtool, "tsdb", "create-blocks-from", f"--max-block-duration={_BLOCK}", "openmetrics", text,
            folder / "data",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    text.unlink()
    return Written(written, written * len(times), times[-1])


def series(cluster: Cluster, expressions: Iterable[str], end: int) -> Iterator[Line]:
    for name in sorted({name for expression in expressions for name in _NAME.findall(expression)}):
        metric = BY_NAME.get(name) or BY_NAME.get(_PART.sub("", name))
        if metric is not None:
            yield from _of_an_agent(cluster, name, metric, end)
        elif name.startswith("ragpulse:"):
            yield from _recorded(cluster, name)
        elif name == foreign.UP:
            yield from ((name, at, 1.0, 0.0) for at in _agents(cluster))
        elif name in {foreign.ALERTS, foreign.ALERTS_SINCE}:
            yield from _alerts(cluster, name, end)


def _agents(cluster: Cluster) -> Iterator[dict[str, str]]:
    for name, of in cluster.nodes.items():
        yield {"cluster": cluster.name, "node": name, "job": AGENT_JOB, "instance": f"{of.address}:{of.port}"}


def _of_an_agent(cluster: Cluster, name: str, metric: Metric, end: int) -> Iterator[Line]:
    choices = [_choices(cluster, metric, label) for label in metric.labels]
    edges = [{"le": str(edge)} for edge in (*LATENCY_EDGES, "+Inf")] if name.endswith("_bucket") else [{}]
    for at, chosen, edge in product(_agents(cluster), product(*choices), edges):
        labels = {**dict(zip(metric.labels, chosen, strict=True)), **edge, **at}
        if metric.kind == "gauge":
            true = "state" not in labels or labels["state"] == _choices(cluster, metric, "state")[0]
            yield name, labels, end - _HOUR if "timestamp" in name or "boot" in name else float(true), 0.0
        else:
            yield name, labels, 1e6, 0.0 if "failures" in name else 1.0


def _choices(cluster: Cluster, metric: Metric, label: str) -> tuple[str, ...]:
    if label == "service":
        kind = metric.name.split("_")[1]
        return tuple(name for name, of in cluster.services.items() if of.kind == kind) or tuple(cluster.services)
    if label == "state":
        return _STATES.get(metric, ("a",))
    return _CHOICES.get(label, ("a",))


def _recorded(cluster: Cluster, name: str) -> Iterator[Line]:
    at = {"cluster": cluster.name}
    if name == recorded.COMPONENT_STATE:
        for kind, names in (("node", cluster.nodes), ("service", cluster.services), ("backup", cluster.backups)):
            yield from ((name, at | {"component": each, "kind": kind}, _UP, 0.0) for each in names)
        return
    value = 1.0 if name == recorded.slo_met(cluster) else _ATTAINED
    yield from ((name, at | each.labels, value, 0.0) for each in objectives(cluster))


def _alerts(cluster: Cluster, name: str, end: int) -> Iterator[Line]:
    """One for each service, an hour old."""
    for service in cluster.services:
        labels = {"alertname": "ServiceDown", "severity": "page", "component": service, "service": service}
        if name == foreign.ALERTS:
            yield name, labels | {"alertstate": "firing"}, 1.0, 0.0
        else:
            yield name, labels, end - _HOUR, 0.0
