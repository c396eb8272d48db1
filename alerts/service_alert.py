"""What alerts about one service share: where it lives, and silence while a node that it needs is known to be down.

An engine over several nodes may run on Ray, which needs 15 s to find one of its nodes dead while ours answers: then
that is told, and not what follows from it.
"""

from alerts.node import NODE_DOWN
from alerts.rule import Alert, Severity
from ragpulse.catalogue.ray import NODE_ALIVE
from ragpulse.inventory import Cluster
from ragpulse.promql import firing, instant
from ragpulse.services import Ray, Vllm
from ragpulse.vantage import home


def needed_nodes(cluster: Cluster, service: str) -> tuple[str, ...]:
    """The nodes without which a service cannot work: its home; one vLLM engine, and Ray, span all of their nodes."""
    entry = cluster.services[service]
    return entry.nodes if isinstance(entry, Vllm | Ray) else (home(cluster, service),)


def service_alert(
    cluster: Cluster,
    service: str,
    *,
    name: str,
    condition: str,
    hold: float,
    severity: Severity,
    what: str,
    meaning: str,
    labels: dict[str, str] | None = None,
) -> Alert:
    """`condition` begins with what is wrong; `unless` may follow it. what: goes on from "vllm on sark "."""
    where = home(cluster, service)
    needed = needed_nodes(cluster, service)
    known = firing(NODE_DOWN, node=needed)
    if rays := _below(cluster, service):
        known = f"({known} or {instant(NODE_ALIVE, service=rays, ray_node=needed)} == 0)"
        hold += cluster.monitoring.scrape_interval
    return Alert(
        name,
        f"{condition} unless on () {known}",
        hold=hold,
        severity=severity,
        component=service,
        summary=f"{service} on {where} {what}",
        description=meaning,
        labels={"service": service, "node": where, **(labels or {})},
    )


def _below(cluster: Cluster, service: str) -> tuple[str, ...]:
    """The Ray clusters that an engine over several nodes may run on."""
    entry = cluster.services[service]
    if not isinstance(entry, Vllm) or len(entry.nodes) == 1:
        return ()
    return tuple(
        name
        for name, other in cluster.services.items()
        if isinstance(other, Ray) and set(entry.nodes) <= set(other.nodes)
    )
