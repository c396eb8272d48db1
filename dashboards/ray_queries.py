"""What the board asks of Ray."""

from dashboards.queries import any_of
from ragpulse.catalogue import ray
from ragpulse.metric import Metric
from ragpulse.promql import Pattern, instant, rate

_CLUSTER = Pattern("$cluster")
_SHOWN = "$__rate_interval"
_ENDED = ("FINISHED", "FAILED")


def by_node(metric: Metric) -> str:
    return f"max by (service, ray_node) ({instant(metric, cluster=_CLUSTER)})"


def object_store(*, over_time: bool = False) -> str:
    used = f"{by_node(ray.OBJECT_STORE_USED)} / ({by_node(ray.OBJECT_STORE_TOTAL)} > 0)"
    return f"max by (ray_node) ({used})" if over_time else used


def ranks() -> str:
    return f"max by (service, rank, ray_node, source) ({instant(ray.RANK, cluster=_CLUSTER)})"


def by_state(metric: Metric) -> str:
    return f"sum by (service, state) ({instant(metric, cluster=_CLUSTER)})"


def open_tasks() -> str:
    states = tuple(state for state in ray.TASK_STATES if state not in _ENDED)
    return any_of(f"sum by (service, state) ({instant(ray.TASKS, cluster=_CLUSTER, state=states)})", "service")


def evictions() -> str:
    return f"sum by (ray_node) ({rate(ray.WORKER_EVICTIONS, _SHOWN, cluster=_CLUSTER)})"
