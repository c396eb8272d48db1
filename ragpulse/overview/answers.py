"""Everything that the page asks Prometheus, asked at once, and the answers by name.

Only recording rules of `ragpulse.recorded` and metrics of the catalogue are asked for. What a rule last recorded
counts as an answer only while it is fresh: after a stop of Prometheus or of its rules, its old values would
otherwise be given out for five minutes more.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from ragpulse import recorded
from ragpulse.catalogue import backup, gpu, rag, service, vllm
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.overview.http_json import unanswered
from ragpulse.overview.prometheus_api import Point, PrometheusApi, Rule, Series
from ragpulse.overview.since import LOOK_BACK, Span, spans
from ragpulse.promql import agent_up, increase, instant, rate, series
from ragpulse.units import prometheus_duration

HISTORY = 3600.0
_HISTORY_STEP = 31.0  # seconds; makes fewer than 120 points
_GRACE = 5.0

Key = tuple[str, str, str]  # slo, service, check
ComponentKey = tuple[str, str]  # name; node, service or backup
K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """Probe requests that failed over the short window: `amount` of them, seen from `node`."""

    service: str
    check: str
    reason: str
    node: str
    amount: float


@dataclass(frozen=True, slots=True)
class Answers:
    """By objective (`Key`), component, service and node. What Prometheus has no value for is absent.

    agent_up: by node. service_up, service_ready: by service, then by the node that asked. demand: by service, seconds
    of waiting requests per second. failing_stage: by path, then by the node that walked it. gpu_bands: seconds of the
    last hour by node and band. gpu_measured: nodes whose GPUs say how busy they are. backup_success: Unix time of its
    last one, by backup. begin: Unix time of the oldest data within reach. times: the grid of the two `..._history` of
    states; history: that of `value_history`.
    """

    met: dict[Key, float]
    short: dict[Key, float]
    long: dict[Key, float]
    total: dict[Key, float]
    value_history: dict[Key, tuple[Point, ...]]
    met_history: dict[Key, dict[float, float]]
    component: dict[ComponentKey, float]
    component_history: dict[ComponentKey, dict[float, float]]
    agent_up: dict[str, bool]
    service_up: dict[str, dict[str, float]]
    service_ready: dict[str, dict[str, float]]
    failures: tuple[Failure, ...]
    demand: dict[str, float]
    vllm_state: dict[str, str]
    failing_stage: dict[str, dict[str, str]]
    gpu_state: dict[str, str]
    gpu_bands: dict[tuple[str, str], float]
    gpu_measured: frozenset[str]
    backup_success: dict[str, float]
    begin: float | None
    times: tuple[float, ...]
    history: Span
    rules: tuple[Rule, ...]


def key(objective: Objective) -> Key:
    return objective.slo, objective.service, objective.check


async def ask(cluster: Cluster, prometheus: PrometheusApi, now: float) -> Answers:
    """Errors: Unavailable when one question goes unanswered: half an answer would be taken for a whole one."""
    interval = cluster.monitoring.scrape_interval
    short = recorded.short_window(cluster)
    value = recorded.slo_value(short)
    history = _history_span(now, interval)
    try:
        async with asyncio.TaskGroup() as group:

            def ask_for(question: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
                return group.create_task(question)

            instants = [ask_for(prometheus.instant(query)) for query in _questions(cluster, short, interval)]
            values = ask_for(prometheus.over(series(value), history.start, history.end, history.step))
            grids = spans(now, interval)
            met, states = (
                [ask_for(prometheus.over(series(name), grid.start, grid.end, grid.step)) for grid in grids]
                for name in (recorded.slo_met(cluster), recorded.COMPONENT_STATE)
            )
            rules = ask_for(prometheus.alerting_rules())
    except ExceptionGroup as errors:
        if reason := unanswered(errors):
            raise reason from errors
        raise
    (
        met_now, short_now, long_now, total_now, state_now, agents, up, ready, failed, demand, vllm_state, stages,
        gpu_state, gpu_bands, gpu_measured, backups, begin,
    ) = (task.result() for task in instants)  # fmt: skip
    return Answers(
        met=_latest(met_now, _key),
        short=_latest(short_now, _key),
        long=_latest(long_now, _key),
        total=_latest(total_now, _key),
        value_history={_key(found): found.points for found in values.result()},
        met_history=_joined(met, _key),
        component=_latest(state_now, _component),
        component_history=_joined(states, _component),
        agent_up={node: value == 1 for node, value in _latest(agents, _node).items()},
        service_up=_by_service_and_node(up),
        service_ready=_by_service_and_node(ready),
        failures=_failures(failed),
        demand=_latest(demand, _service),
        vllm_state={_service(found): found.labels.get("state", "") for found in vllm_state},
        failing_stage=_stages(stages),
        gpu_state={_node(found): found.labels.get("state", "") for found in gpu_state},
        gpu_bands=_latest(gpu_bands, lambda found: (_node(found), found.labels.get("band", ""))),
        gpu_measured=frozenset(_node(found) for found in gpu_measured),
        backup_success=_latest(backups, lambda found: found.labels.get("backup", "")),
        begin=begin[0].points[-1][1] if begin else None,
        times=tuple(time for grid in grids for time in grid.times()),
        history=history,
        rules=tuple(rules.result()),
    )


def _questions(cluster: Cluster, short: float, interval: float) -> tuple[str, ...]:
    """The instant queries, in the order in which `ask` takes their answers."""
    # The oldest scrape is looked for at full minutes; in the first minute there may be none, so the last one stands in.
    scraped = f"timestamp({agent_up()})"
    return (
        _fresh(recorded.slo_met(cluster), interval),
        _fresh(recorded.slo_value(short), interval),
        _fresh(recorded.slo_value(recorded.long_window(cluster)), interval),
        _fresh(recorded.slo_total(short), interval),
        _fresh(recorded.COMPONENT_STATE, interval),
        agent_up(),
        instant(service.UP),
        instant(service.READY),
        f"sum by (service, check, reason, node) ({increase(service.FAILURES, short)}) > 0",
        f"sum by (service) ({rate(vllm.DEMAND_SECONDS, short)})",
        f"{instant(vllm.STATE)} == 1",
        f"{instant(rag.FAILING_STAGE)} == 1",
        f"{instant(gpu.STATE)} == 1",
        f"sum by (node, band) ({increase(gpu.BAND, HISTORY)})",
        f"max by (node) ({instant(gpu.UTILIZATION_WAY)})",
        instant(backup.LAST_SUCCESS),
        f"min(min_over_time({scraped}[{prometheus_duration(LOOK_BACK)}:1m]) or {scraped})",
    )


def _fresh(name: str, interval: float) -> str:
    selected = series(name)
    return f"{selected} and (time() - timestamp({selected}) <= {3 * interval + _GRACE:g})"


def _history_span(now: float, interval: float) -> Span:
    step = max(interval, _HISTORY_STEP)
    end = round(now, 3)
    return Span(round(end - int(HISTORY / step) * step, 3), end, step)


def _key(found: Series) -> Key:
    labels = found.labels
    return labels.get("slo", ""), labels.get("service", ""), labels.get("check", "")


def _component(found: Series) -> ComponentKey:
    return found.labels.get("component", ""), found.labels.get("kind", "")


def _service(found: Series) -> str:
    return found.labels.get("service", "")


def _node(found: Series) -> str:
    return found.labels.get("node", "")


def _latest(all_found: Iterable[Series], name: Callable[[Series], K]) -> dict[K, float]:
    return {name(found): found.points[-1][1] for found in all_found}


def _joined(tasks: Iterable[asyncio.Task[list[Series]]], name: Callable[[Series], K]) -> dict[K, dict[float, float]]:
    values: dict[K, dict[float, float]] = {}
    for task in tasks:
        for found in task.result():
            values.setdefault(name(found), {}).update((round(time, 3), value) for time, value in found.points)
    return values


def _by_service_and_node(all_found: Iterable[Series]) -> dict[str, dict[str, float]]:
    values: dict[str, dict[str, float]] = {}
    for found in all_found:
        values.setdefault(_service(found), {})[_node(found)] = found.points[-1][1]
    return values


def _stages(all_found: Iterable[Series]) -> dict[str, dict[str, str]]:
    failing: dict[str, dict[str, str]] = {}
    for found in all_found:
        failing.setdefault(_service(found), {})[_node(found)] = found.labels.get("stage", "")
    return failing


def _failures(all_found: Iterable[Series]) -> tuple[Failure, ...]:
    failures = [
        Failure(
            _service(found), found.labels.get("check", ""), found.labels.get("reason", ""), _node(found),
            found.points[-1][1],
        )
        for found in all_found
    ]  # fmt: skip
    return tuple(sorted(failures, key=lambda failure: (-failure.amount, failure.node, failure.check)))
