"""A cluster as Prometheus would know it after a week: every metric of the catalogue and every recorded series of
`cluster.example.yaml`, once while all is well and once while everything that can break is broken.

The values are ours and plausible, no measurement: they prove that a board shows what is there, and in which colour.
Written every 20 minutes, and every half minute in the last half hour, so that the short windows of verdicts hold some.
"""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ragpulse import budget, catalogue, foreign, recorded
from ragpulse.catalogue import service
from ragpulse.catalogue.vllm_canary import CHECK as CANARY
from ragpulse.metric import LATENCY_EDGES, Metric
from ragpulse.objectives import in_demand, objectives
from ragpulse.promql import AGENT_JOB
from ragpulse.vantage import canary_nodes, home, vantages
from tests.fakes.backfilled import holding
from tests.fakes.binaries import binary
from tests.fakes.board_json import EXAMPLE
from tests.fakes.world_values import (
    BROKEN,
    FAILS,
    FOREIGN,
    NODES,
    NOTHING,
    OF_A_FOREIGN_LABEL,
    OF_A_LABEL,
    OF_A_METRIC,
    ONE,
    PER_SECOND,
    READINGS,
    STATES,
    Value,
)

_OF_PROBES = frozenset(catalogue.entries(service))
WEEK, COARSE, FINE, RECENT = 7 * 86_400, 1200, 30, 1800
AT = {"cluster": EXAMPLE.name}
Labels = Mapping[str, str]
UNREAD = {"error", "deadline"}
GONE = "flynn"  # a node whose agent does not answer while all is broken: those that tell that it is have to answer


def series(*, well: bool, end: int) -> Iterator[tuple[str, Labels, Value]]:
    yield from of_agents(well=well, end=end)
    yield from _recorded(well=well, end=end)


def of_agents(*, well: bool, end: int) -> Iterator[tuple[str, Labels, Value]]:
    for metric in catalogue.ALL:
        for labels in _label_sets(metric):
            for name, more, value in _samples(metric, labels, well=well, end=end):
                yield name, {**labels, **more}, value


def _label_sets(metric: Metric) -> Iterator[dict[str, str]]:
    for at in NODES:
        choices = [_choices(metric, label, at) for label in metric.labels]
        for chosen in product(*choices):
            labels = {**dict(zip(metric.labels, chosen, strict=True)), "node": at, "cluster": EXAMPLE.name}
            if at in _tellers(metric, labels):
                yield labels


def _tellers(metric: Metric, labels: Labels) -> Sequence[str]:
    """The nodes whose agents tell of it: of a service those who probe it, or its own."""
    if backup := labels.get("backup"):
        return (EXAMPLE.backups[backup].node,)
    name = labels.get("service")
    if name is None:
        return NODES
    if metric not in _OF_PROBES:
        return (home(EXAMPLE, name),)
    return canary_nodes(EXAMPLE, name) if labels.get("check") == CANARY else vantages(EXAMPLE, name)


def _choices(metric: Metric, label: str, at: str) -> tuple[str, ...]:
    if label == "service":
        kind = metric.name.split("_")[1]
        return tuple(name for name, of in EXAMPLE.services.items() if of.kind == kind) or tuple(EXAMPLE.services)
    if label == "peer":
        return tuple(name for name in NODES if name != at)
    if metric.name in STATES and label == "state":
        return OF_A_METRIC.get((metric.name, label), STATES[metric.name])
    return OF_A_METRIC.get((metric.name, label)) or OF_A_LABEL.get(label, ("a",))


def _samples(metric: Metric, labels: Labels, *, well: bool, end: int) -> Iterator[tuple[str, Labels, Value]]:
    if metric.kind == "histogram":
        for edge in LATENCY_EDGES:  # nine of ten events below 50 ms, the rest below 100 ms, or beyond any edge
            share = 0 if edge < 0.05 else 1 if well and edge >= 0.1 else 0.9
            yield f"{metric.name}_bucket", {"le": str(edge)}, Value(share * 1e6, share)
        yield f"{metric.name}_bucket", {"le": "+Inf"}, Value(1e6, 1)
        yield f"{metric.name}_sum", {}, Value(1e5, 0.1)
        yield f"{metric.name}_count", {}, Value(1e6, 1)
    elif metric.kind == "counter":
        yield metric.name, {}, _counter(metric.name, labels, well=well)
    else:
        yield metric.name, {}, _gauge(metric.name, labels, well=well, end=end)


def _counter(name: str, labels: Labels, *, well: bool) -> Value:
    if any(word in name for word in FAILS) and name not in PER_SECOND:
        return Value(5, 0.0 if well else 2.0)
    if labels.get("mode") not in {None, "idle"}:
        return Value(1e5, 0.1 if well else 3.0)
    if labels.get("status") == "5xx" or labels.get("outcome") == "failed" or labels.get("result") in UNREAD:
        return Value(5, 0.0 if well else 1.0)
    if name == "ragpulse_node_pressure_waiting_seconds_total" and not well:
        return Value(1e5, 0.9)
    return Value(1e7, PER_SECOND.get(name, 1.0))


def _gauge(name: str, labels: Labels, *, well: bool, end: int) -> Value:
    if name in STATES:
        return ONE if labels["state"] == STATES[name][0 if well else 1] else NOTHING
    if name.endswith("expiry_timestamp_seconds"):
        return Value(end + 90 * 86_400) if well else Value(end + 3600)
    if name == "ragpulse_source_last_success_timestamp_seconds" and well:
        return Value(end - 2)
    if name == "ragpulse_node_clock_seconds":
        return Value(end, 1)
    if name.endswith(("_timestamp_seconds", "_boot_time_seconds")):
        return Value(end - 3600) if well else Value(end - 6 * 86_400)
    return READINGS.get(name, ONE) if well else BROKEN.get(name, READINGS.get(name, ONE))


def _recorded(*, well: bool, end: int) -> Iterator[tuple[str, Labels, Value]]:
    yield from _components(well=well)
    yield from _objectives(share=0.9999 if well else 0.5, well=well)
    yield from _alerts(well=well, end=end)


def _components(*, well: bool) -> Iterator[tuple[str, Labels, Value]]:
    every = [*(("node", name) for name in NODES), *(("service", name) for name in EXAMPLE.services)]
    for kind, name in (*every, *(("backup", name) for name in EXAMPLE.backups)):
        yield recorded.COMPONENT_STATE, AT | {"component": name, "kind": kind}, Value(3) if well else ONE
    for name in NODES if well else (*NODES, GONE):
        yield recorded.TARGET_EXPECTED, AT | {"job": AGENT_JOB, "node": name}, ONE
        yield from _of_others(name, well=well)


def _of_others(node: str, *, well: bool) -> Iterator[tuple[str, Labels, Value]]:
    """What Prometheus says of its targets, and what it and Alertmanager say of themselves."""
    pages = {AGENT_JOB: {}, "prometheus": foreign.OF_PROMETHEUS, "alertmanager": foreign.OF_ALERTMANAGER}
    for job, page in pages.items():
        at = AT | {"job": job, "node": node, "instance": node}
        yield foreign.UP, at, ONE if well or (job == AGENT_JOB and node != GONE) else NOTHING
        for name, labels in ({foreign.SCRAPE_SECONDS: (), foreign.SCRAPED_SAMPLES: ()} | page).items():
            usual = (Value(1e7, 1),) * 2 if name.endswith("_total") else (Value(1000),) * 2
            more = {label: OF_A_FOREIGN_LABEL[label] for label in labels}
            yield name, at | more, FOREIGN.get(name, usual)[0 if well else 1]


def _objectives(*, share: float, well: bool) -> Iterator[tuple[str, Labels, Value]]:
    windows = recorded.short_window(EXAMPLE), recorded.long_window(EXAMPLE)
    for objective in (*objectives(EXAMPLE), *in_demand(EXAMPLE)):
        labels = AT | objective.labels
        yield recorded.SLO_WATCHED, labels, ONE
        value = share if objective.unit == "ratio" else share * 1500
        yield recorded.SLO_OBJECTIVE, labels, Value(objective.value)
        for window in windows:
            yield recorded.slo_value(window), labels, Value(value)
            yield recorded.slo_total(window), labels, ONE
            yield recorded.slo_good(window), labels, Value(share)
        yield recorded.slo_met(EXAMPLE), labels, ONE if well else NOTHING
    for objective in budget.budgeted(EXAMPLE):
        yield from _budget(AT | objective.labels, objective.budget_window or 0, share=share, well=well)
    yield budget.CLUSTER_AVAILABLE, AT, Value(share)
    if EXAMPLE.targets.availability:
        yield budget.cluster_attained(EXAMPLE.targets.availability.window), AT, Value(share)


def _budget(labels: Labels, window: float, *, share: float, well: bool) -> Iterator[tuple[str, Labels, Value]]:
    yield budget.BUDGET_LEFT, labels, Value(0.8 if well else -0.5)
    yield budget.EXHAUSTION, labels, Value(1e6 if well else 0)
    yield budget.attained(window), labels, Value(share)
    yield budget.measured(window), labels, ONE
    yield budget.errors(EXAMPLE), labels, Value(1 - share)
    yield budget.events(EXAMPLE), labels, ONE
    for each in budget.windows(EXAMPLE):
        yield budget.burn(each), labels, Value(0.5 if well else 20)


def _alerts(*, well: bool, end: int) -> Iterator[tuple[str, Labels, Value]]:
    fired = [("Watchdog", "info", "monitoring")]
    if not well:
        fired += [("NodeDown", "page", "sark"), ("GpuHot", "ticket", "clu")]
        fired += [(name, "ticket", "clu") for name in ("SourceFailing", "SourceStale")]
    for alert, severity, component in fired:
        labels = {"alertname": alert, "severity": severity, "component": component, "node": component}
        yield "ALERTS", labels | {"alertstate": "firing"}, ONE
        yield "ALERTS_FOR_STATE", labels, Value(end - 600)


@dataclass(frozen=True)
class World:
    url: str
    end: int


@contextmanager
def world(
    folder: Path, generation: int, *, well: bool, end: int | None = None, recent: int = RECENT
) -> Iterator[World]:
    """A real Prometheus that holds it; its last samples are a minute old, or of `end`."""
    end = end or (int(time.time()) - 60) // COARSE * COARSE
    times = [*range(end - WEEK, end - recent, COARSE), *range(end - recent, end + 1, FINE)]
    with (folder / "week.txt").open("w") as file:
        for name, labels, value in series(well=well, end=end):
            written = ",".join(f'{label}="{text}"' for label, text in labels.items())
            file.writelines(f"{name}{{{written}}} {value.at + value.slope * (at - end):.10g} {at}\n" for at in times)
        file.write("# EOF\n")
    subprocess.run(
        [
            # One pass over the text for each block: of two hours, as by default, they would take a minute.
            binary("promtool", generation), "tsdb", "create-blocks-from", "--max-block-duration=64h", "openmetrics",
            folder / "week.txt", folder / "data",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    with holding(folder, generation) as url:
        yield World(url, end)
