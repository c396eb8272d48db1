"""What is otherwise than a day ago: starts, versions and models, backups, alerts that fired. Newest first.

A start is a moment that something tells of itself. A version is a label of an info metric and changed when another
value of it first showed, as finely as the day was asked for.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from ragpulse.catalogue import agent, backup, chroma, gpu, node, ray, vllm
from ragpulse.metric import Metric
from ragpulse.overview.facts import Change
from ragpulse.overview.prometheus_api import Series

SHOWN = 12
DAY = 24 * 3600.0
# Metric that tells a moment → the label that says whose, and what happened then.
MOMENTS: Mapping[Metric, tuple[str, str]] = {
    node.BOOT_TIME: ("node", "booted"),
    vllm.STARTED: ("service", "its server started"),
    chroma.PROCESS_STARTED: ("service", "its server started"),
    backup.LAST_SUCCESS: ("backup", "a backup succeeded"),
}
# Info metric → the label that says whose it is, and those that may change.
VERSIONS: Mapping[Metric, tuple[str, tuple[str, ...]]] = {
    agent.BUILD_INFO: ("node", ("version",)),
    node.INFO: ("node", ("kernel",)),
    gpu.INFO: ("node", ("driver",)),
    vllm.INFO: ("service", ("version",)),
    vllm.MODEL_INFO: ("service", ("model", "max_model_len")),
    chroma.INFO: ("service", ("version", "storage")),
    ray.INFO: ("service", ("version",)),
}


def happened(metric: Metric, found: Iterable[Series], now: float) -> Iterator[Change]:
    owner, what = MOMENTS[metric]
    for one in found:
        at = one.points[-1][1]
        if now - DAY <= at <= now:
            yield Change(at, one.labels.get(owner, ""), what)


def replaced(metric: Metric, found: Iterable[Series]) -> Iterator[Change]:
    owner, labels = VERSIONS[metric]
    for label in labels:
        first: dict[str, dict[str, float]] = {}  # whose → value → when it first showed
        for one in found:
            values = first.setdefault(one.labels.get(owner, ""), {})
            value = one.labels.get(label, "")
            values[value] = min(values.get(value, float("inf")), one.points[0][0])
        for whose, values in first.items():
            order = sorted(values, key=values.__getitem__)
            for before, after in itertools.pairwise(order):
                # Two at once from the beginning (two models, two GPUs) is no change.
                if values[after] > values[before]:
                    yield Change(values[after], whose, f"{label} {before} → {after}")


def alerted(found: Iterable[Series]) -> Iterator[Change]:
    """Alerts that fired, each at the moment from which on it last was true."""
    for one in found:
        yield Change(one.points[-1][1], one.labels.get("component", ""), f"{one.labels.get('alertname', '')} fired")


def newest(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Each once: what two agents tell of one service is told at almost the same moment."""
    found: dict[tuple[str, str, int], Change] = {}
    for change in changes:
        found.setdefault((change.component, change.what, round(change.at)), change)
    return tuple(sorted(found.values(), key=lambda change: (-change.at, change.component, change.what))[:SHOWN])
