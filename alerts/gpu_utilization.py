"""GPU utilisation: busy seconds of the GPUs under a service, judged only while requests wait for it.

Busy time is not told apart by demand, so a window counts only if requests waited for nearly all of it: what a GPU
does in the rest can then shift the value by a tenth at most.
"""

from alerts.rule import Group
from alerts.slo import Events, Ticket, groups
from ragpulse.catalogue.gpu import BUSY, OBSERVED
from ragpulse.catalogue.vllm import DEMAND_SECONDS
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.promql import rate

_DEMANDED_SHARE = 0.9

_TICKET = Ticket(
    "GpuUtilizationBelowTarget",
    "GPUs {{ $value | humanizePercentage }} busy while requests wait",
    "Requests queue while the GPUs have idle capacity.",
)


def rules(cluster: Cluster) -> list[Group]:
    return groups(cluster, "gpu_utilization", _events, _TICKET)


def _events(cluster: Cluster, objective: Objective, window: float) -> Events:
    nodes = cluster.services[objective.service].nodes
    demanded = f"sum({rate(DEMAND_SECONDS, window, service=objective.service)}) > {_DEMANDED_SHARE}"
    return Events(
        good=f"sum({rate(BUSY, window, node=nodes)}) and {demanded}",
        total=f"sum({rate(OBSERVED, window, node=nodes)}) and {demanded}",
    )
