"""GPU headroom: were the GPUs under a service above the band of its target for an hour? No fault, but no reserve."""

from alerts.rule import Alert, Group
from ragpulse.catalogue.gpu import BUSY, OBSERVED
from ragpulse.inventory import Cluster
from ragpulse.objectives import objectives
from ragpulse.promql import increase
from ragpulse.recorded import long_window
from ragpulse.vantage import home

_HOUR = 3600.0
# The mean of an hour of which little was seen would be the mean of a moment.
_SEEN_SHARE = 0.9


def rules(cluster: Cluster) -> list[Group]:
    if (target := cluster.targets.gpu_utilization) is None:
        return []
    judged = [objective.service for objective in objectives(cluster) if objective.slo == "gpu_utilization"]
    alerts = tuple(_alert(cluster, service, target.high) for service in judged)
    return [Group("gpu_headroom", alerts)] if alerts else []


def _alert(cluster: Cluster, service: str, high: float) -> Alert:
    nodes = cluster.services[service].nodes
    observed = increase(OBSERVED, _HOUR, node=nodes)
    mean = f"sum({increase(BUSY, _HOUR, node=nodes)}) / sum({observed})"
    return Alert(
        "GpuNoHeadroom",
        f"{mean} > {high:.10g} and max({observed}) > {_SEEN_SHARE * _HOUR:g}",
        hold=long_window(cluster),
        severity="ticket",
        component=service,
        summary=f"{service}: its GPUs were {{{{ $value | humanizePercentage }}}} busy over the last hour.",
        description=f"That is above the {high:.4g} of the target: a little more demand, or one GPU less, and users"
        " wait. Nothing is broken.",
        labels={"service": service, "node": home(cluster, service)},
    )
