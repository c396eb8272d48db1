"""Latencies of vLLM: the share of a histogram's events at or below one of its edges, of users or else of canaries."""

from alerts.demand import demanded
from alerts.slo import Events
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.objectives import Objective
from ragpulse.promql import bucket_rate, events_rate
from ragpulse.recorded import long_window


def within_edge(objective: Objective, window: float, of_users: Metric, of_canaries: Metric) -> Events:
    """Canaries are judged where the version offers no histogram of users: one without traffic is offered and judged."""
    service, edge, canary_edge = objective.service, objective.edge, objective.canary_edge
    if edge is None:
        raise ValueError(f"{service} has no bucket to judge and must be marked unmeasured")
    good = f"sum({bucket_rate(of_users, edge, window, service=service)})"
    total = f"sum({events_rate(of_users, window, service=service)})"
    if canary_edge is not None:
        good += f" or (sum({bucket_rate(of_canaries, canary_edge, window, service=service)}) unless {total})"
        total += f" or sum({events_rate(of_canaries, window, service=service)})"
    return Events(good, total)


def explained_by_demand(cluster: Cluster, objective: Objective) -> str:
    """Late because requests wait: that is `VllmSaturated`, or an engine slower than its throughput target."""
    return demanded(objective.service, long_window(cluster)) if objective.edge is not None else ""
