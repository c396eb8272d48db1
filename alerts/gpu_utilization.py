"""GPU utilisation: busy seconds of the GPUs under a service, judged only while requests wait for it.

Busy time is not told apart by demand, so a window counts only if requests waited for nearly all of it: what a GPU
does in the rest can then shift the value by a tenth at most.
"""

from alerts.demand import demanded
from alerts.rule import Group
from alerts.slo import Events, Ticket, groups
from ragpulse.catalogue.gpu import BUSY, OBSERVED
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.promql import rate

_TICKET = Ticket(
    "GpuUtilizationBelowTarget",
    "GPUs {{ $value | humanizePercentage }} busy while requests wait",
    "Requests queue while the GPUs have idle capacity.",
)


def rules(cluster: Cluster) -> list[Group]:
    return groups(cluster, "gpu_utilization", _events, _TICKET)


def _events(cluster: Cluster, objective: Objective, window: float) -> Events:
    nodes = cluster.services[objective.service].nodes
    in_demand = demanded(objective.service, window)
    return Events(
        good=f"sum({rate(BUSY, window, node=nodes)}) and {in_demand}",
        total=f"sum({rate(OBSERVED, window, node=nodes)}) and {in_demand}",
    )
