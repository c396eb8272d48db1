"""The targets of a cluster file as a list of things to judge: which events, against which value, measured where.

Rules, boards and the Overview page all walk this list, so a new target appears everywhere at once.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ragpulse.catalogue.vllm_canary import CHECK as CANARY
from ragpulse.inventory import Cluster
from ragpulse.metric import LATENCY_EDGES
from ragpulse.response_limit import PATH, response_limit
from ragpulse.services import PROBED, Chroma, Http, Memory, Rag, Vllm
from ragpulse.targets import USUAL_WINDOW, ResponseTime, TimeToFirstToken
from ragpulse.units import exact_duration
from ragpulse.vantage import canary_nodes, vantages

_MINUTE = 60.0
_OF_USERS = "vLLM's own histogram of user traffic"

Slo = Literal["availability", "response_time", "time_to_first_token", "throughput", "gpu_utilization"]
Unit = Literal["ratio", "tokens/s"]

# Upper edges in seconds of vLLM's histograms, the same from 0.9.2 to 0.32.0 (vllm/v1/metrics).
TTFT_EDGES = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
    160.0, 640.0, 2560.0,
)  # fmt: skip
ITL_EDGES = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0)


@dataclass(frozen=True, slots=True)
class Objective:
    """One thing to judge.

    value: what must be reached, in `unit`. edge: seconds of the histogram bucket that is judged, for latencies read
    from vLLM; canary_edge: the same of our canaries, which are judged where vLLM offers none. unmeasured: why nothing
    can be measured here, else None. note: what the reader must know of the way it is measured. probed: judged by
    requests of our own, which never cease: without a verdict something is amiss. budget_window: seconds over which a
    share of events may be bad; None where the value is no share of events. event: of what is counted, how much is one
    event: a minute, where seconds are.
    """

    slo: Slo
    service: str
    check: str
    value: float
    unit: Unit
    text: str
    measured: str
    edge: float | None = None
    canary_edge: float | None = None
    unmeasured: str | None = None
    note: str = ""
    probed: bool = False
    budget_window: float | None = None
    event: float = 1.0

    @property
    def labels(self) -> dict[str, str]:
        return {"slo": self.slo, "service": self.service, "check": self.check}


def objectives(cluster: Cluster) -> tuple[Objective, ...]:
    return tuple(
        objective
        for find in (_availability, _response_time, _time_to_first_token, _throughput, _gpu_utilization)
        for objective in find(cluster)
    )


def in_demand(cluster: Cluster) -> tuple[Objective, ...]:
    """Throughput as a share of demand time: what its budget is counted by, beside the mean of `objectives`, which is
    its verdict of now.
    """
    target = cluster.targets.throughput
    return () if target is None else tuple(
        Objective(
            "throughput", each.service, "demand", target.objective, "ratio",
            text=f"{_percent(target.objective)} of demand time with {target.at_least:.10g} tokens/s",
            measured="seconds in which requests waited, poll by poll", budget_window=_usual_window(cluster),
            event=_MINUTE,
        )
        for each in _throughput(cluster)
    )  # fmt: skip


def readiness_check(service: Chroma | Memory | Vllm | Http | Rag) -> str:
    """The check that says whether a service can do its work: what availability counts."""
    match service:
        case Chroma():
            return "ready"
        case Memory():
            return "ready" if service.ready else "health"
        case Vllm():
            return CANARY if service.canary.enabled else "ready"
        case Http():
            return "response"
        case Rag():
            return PATH


def _availability(cluster: Cluster) -> Iterator[Objective]:
    if (target := cluster.targets.availability) is None:
        return
    for name, service in cluster.services.items():
        if isinstance(service, PROBED):
            check = readiness_check(service)
            yield Objective(
                "availability", name, check, target.objective, "ratio",
                text=f"{_percent(target.objective)} of probes answered",
                measured=_by_canaries(cluster, name) if check == CANARY else _probed(cluster, name, check),
                probed=True, budget_window=target.window,
            )  # fmt: skip


def _response_time(cluster: Cluster) -> Iterator[Objective]:
    if (target := cluster.targets.response_time) is None:
        return
    for name, service in cluster.services.items():
        if (limit := response_limit(target, service)) is None or not isinstance(service, PROBED):
            continue
        check, below = limit
        edge, canary_edge, note = None, None, ""
        if isinstance(service, Vllm):
            edge, note = _judged_edge(ITL_EDGES, below)
            canary_edge = _canary_edge(service, below)
        yield Objective(
            "response_time", name, check, target.objective, "ratio",
            text=f"{_percent(target.objective)} within {exact_duration(below)}",
            measured=_OF_USERS if edge else _probed(cluster, name, check),
            edge=edge, canary_edge=canary_edge, note=note, unmeasured=_why_unmeasured(service, check, edge),
            probed=not isinstance(service, Vllm), budget_window=_window(cluster, target),
        )  # fmt: skip


def _why_unmeasured(service: object, check: str, edge: float | None) -> str | None:
    if isinstance(service, Chroma) and check == "query" and service.query is None:
        return "no collection to query: set services.<name>.query.collection"
    if isinstance(service, Memory) and getattr(service, check) is None:
        return f"no {check} request is configured: set services.<name>.{check}"
    if isinstance(service, Vllm):
        if check == "end_to_end":
            return "end-to-end latency of vLLM is not judged by this version; use inter_token"
        if edge is None:
            return "the target lies below the lowest bucket edge of vLLM's histogram"
    return None


def _time_to_first_token(cluster: Cluster) -> Iterator[Objective]:
    if (target := cluster.targets.time_to_first_token) is None:
        return
    edge, note = _judged_edge(TTFT_EDGES, target.below)
    for name, service in cluster.services.items():
        if isinstance(service, Vllm):
            yield Objective(
                "time_to_first_token", name, "first_token", target.objective, "ratio",
                text=f"{_percent(target.objective)} within {exact_duration(target.below)}",
                measured=_OF_USERS, edge=edge, canary_edge=_canary_edge(service, target.below), note=note,
                unmeasured=None if edge else "the target lies below the lowest bucket edge of vLLM's histogram",
                budget_window=_window(cluster, target),
            )  # fmt: skip


def _window(cluster: Cluster, target: ResponseTime | TimeToFirstToken) -> float:
    return target.window if target.window is not None else _usual_window(cluster)


def _usual_window(cluster: Cluster) -> float:
    availability = cluster.targets.availability
    return availability.window if availability else min(USUAL_WINDOW, cluster.monitoring.retention)


def _throughput(cluster: Cluster) -> Iterator[Objective]:
    if (target := cluster.targets.throughput) is None:
        return
    for name, service in cluster.services.items():
        if isinstance(service, Vllm):
            yield Objective(
                "throughput", name, "generation", target.at_least, "tokens/s",
                text=f"{target.at_least:.10g} tokens/s while requests wait",
                measured="tokens generated in seconds in which requests waited",
            )  # fmt: skip


def _gpu_utilization(cluster: Cluster) -> Iterator[Objective]:
    if (target := cluster.targets.gpu_utilization) is None:
        return
    for name, service in cluster.services.items():
        if isinstance(service, Vllm):
            yield Objective(
                "gpu_utilization", name, "busy", target.low, "ratio",
                text=f"at least {_percent(target.low)} busy while requests wait",
                measured="busy seconds of the GPUs of this service's nodes",
            )  # fmt: skip


def _judged_edge(edges: tuple[float, ...], target: float) -> tuple[float | None, str]:
    """The bucket edge at or below the target: what lies between them is judged too strictly, never too kindly."""
    index = bisect_right(edges, target)
    if index == 0:
        return None, ""
    edge = edges[index - 1]
    return (
        edge,
        "" if edge == target else f"judged at {exact_duration(edge)}, the next lower edge of its histogram",
    )


def _canary_edge(service: Vllm, target: float) -> float | None:
    return _judged_edge(LATENCY_EDGES, target)[0] if service.canary.enabled else None


def _by_canaries(cluster: Cluster, service: str) -> str:
    return f"canaries from {', '.join(canary_nodes(cluster, service))}; probe `ready` while none are sent"


def _probed(cluster: Cluster, service: str, check: str) -> str:
    return f"probe `{check}` from {', '.join(vantages(cluster, service))}"


def _percent(ratio: float) -> str:
    return f"{ratio * 100:.10g} %"
