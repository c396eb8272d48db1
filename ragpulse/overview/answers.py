"""Everything that the page asks Prometheus, asked at once, and the answers by name.

Only recording rules of `ragpulse.recorded` and metrics of the catalogue are asked for. What a rule last recorded
counts as an answer only while it is fresh: after a stop of Prometheus or of its rules, its old values would
otherwise be given out for five minutes more.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

from ragpulse import recorded
from ragpulse.catalogue import backup, gpu, rag, service, vllm
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.overview.http_json import unanswered
from ragpulse.overview.prometheus_api import Point, PrometheusApi, Rule, Series, by_name
from ragpulse.overview.since import LOOK_BACK, Span, spans
from ragpulse.promql import agent_up, all_series, increase, instants, rate, series
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

            instants = [ask_for(prometheus.instant(query)) for query in _questions(cluster, short)]
            values = ask_for(prometheus.over(series(value), history.start, history.end, history.step))
            grids = spans(now, interval)
            past = all_series(recorded.slo_met(cluster), recorded.COMPONENT_STATE)
            pasts = [ask_for(prometheus.over(past, grid.start, grid.end, grid.step)) for grid in grids]
            rules = ask_for(prometheus.alerting_rules())
    except ExceptionGroup as errors:
        if reason := unanswered(errors):
            raise reason from errors
        raise
    found_now, read_now, states_now, agents, failed, demand, gpu_bands, begin = (task.result() for task in instants)
    now_of = by_name(chain(found_now, read_now, states_now))
    past_of = by_name(chain.from_iterable(task.result() for task in pasts))
    return Answers(
        met=_latest(now_of.get(recorded.slo_met(cluster), ()), _key),
        short=_latest(now_of.get(value, ()), _key),
        long=_latest(now_of.get(recorded.slo_value(recorded.long_window(cluster)), ()), _key),
        total=_latest(now_of.get(recorded.slo_total(short), ()), _key),
        value_history={_key(found): found.points for found in values.result()},
        met_history=_joined(past_of.get(recorded.slo_met(cluster), ()), _key),
        component=_latest(now_of.get(recorded.COMPONENT_STATE, ()), _component),
        component_history=_joined(past_of.get(recorded.COMPONENT_STATE, ()), _component),
        agent_up={node: value == 1 for node, value in _latest(agents, _node).items()},
        service_up=_by_service_and_node(now_of.get(service.UP.name, ())),
        service_ready=_by_service_and_node(now_of.get(service.READY.name, ())),
        failures=_failures(failed),
        demand=_latest(demand, _service),
        vllm_state={_service(found): found.labels.get("state", "") for found in now_of.get(vllm.STATE.name, ())},
        failing_stage=_stages(now_of.get(rag.FAILING_STAGE.name, ())),
        gpu_state={_node(found): found.labels.get("state", "") for found in now_of.get(gpu.STATE.name, ())},
        gpu_bands=_latest(gpu_bands, lambda found: (_node(found), found.labels.get("band", ""))),
        gpu_measured=frozenset(_node(found) for found in now_of.get(gpu.UTILIZATION_WAY.name, ())),
        backup_success=_latest(now_of.get(backup.LAST_SUCCESS.name, ()), lambda found: found.labels.get("backup", "")),
        begin=begin[0].points[-1][1] if begin else None,
        times=tuple(time for grid in grids for time in grid.times()),
        history=history,
        rules=tuple(rules.result()),
    )


def _questions(cluster: Cluster, short: float) -> tuple[str, ...]:
    """The instant queries, in the order in which `ask` takes their answers."""
    # The oldest scrape is looked for at full minutes; in the first minute there may be none, so the last one stands in.
    scraped = f"timestamp({agent_up()})"
    return (
        _fresh(
            all_series(
                recorded.slo_met(cluster),
                recorded.slo_value(short),
                recorded.slo_value(recorded.long_window(cluster)),
                recorded.slo_total(short),
                recorded.COMPONENT_STATE,
            ),
            3 * cluster.monitoring.scrape_interval + _GRACE,
        ),
        instants(service.UP, service.READY, gpu.UTILIZATION_WAY, backup.LAST_SUCCESS),
        f"{instants(vllm.STATE, rag.FAILING_STAGE, gpu.STATE)} == 1",
        agent_up(),
        f"sum by (service, check, reason, node) ({increase(service.FAILURES, short)}) > 0",
        f"sum by (service) ({rate(vllm.DEMAND_SECONDS, short)})",
        f"sum by (node, band) ({increase(gpu.BAND, HISTORY)})",
        f"min(min_over_time({scraped}[{prometheus_duration(LOOK_BACK)}:1m]) or {scraped})",
    )


def _fresh(selected: str, seconds: float) -> str:
    """Those with a sample within `seconds`; `on` because names are otherwise not compared."""
    told_apart = "__name__, slo, service, check, component, kind"
    return f"{selected} and on ({told_apart}) last_over_time({selected}[{prometheus_duration(seconds)}])"


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


def _joined(all_found: Iterable[Series], name: Callable[[Series], K]) -> dict[K, dict[float, float]]:
    values: dict[K, dict[float, float]] = {}
    for found in all_found:
        values.setdefault(name(found), {}).update(found.points)
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
