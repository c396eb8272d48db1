"""What alerts about one service share: where it lives, and silence while a node that it needs is known to be down.

An engine over several nodes may run on Ray, which needs 15 s to find one of its nodes dead while the machine answers:
then that is told, or that its head is gone, and not what follows from it.
"""

from alerts.node import NODE_DOWN
from alerts.rule import Alert, Severity
from ragpulse.catalogue.ray import NODE_ALIVE
from ragpulse.catalogue.service import UP
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.promql import Matcher, firing, highest, instant
from ragpulse.rag_stages import beneath
from ragpulse.services import Rag, Ray, Vllm
from ragpulse.vantage import home

_HOUR = 3600.0


def needed_nodes(cluster: Cluster, service: str) -> tuple[str, ...]:
    """The nodes without which a service cannot work: its home; one vLLM engine, and Ray, span all of their nodes, and a
    path those of all that it needs.
    """
    entry = cluster.services[service]
    if isinstance(entry, Rag):
        needed = (
            home(cluster, service),
            *(node for name in beneath(cluster, entry) for node in needed_nodes(cluster, name)),
        )
        return tuple(dict.fromkeys(needed))
    return entry.nodes if isinstance(entry, Vllm | Ray) else (home(cluster, service),)


def in_state(state: Metric, service: str, *states: str) -> str:
    """Something while a service is in one of the states that this metric tells, else nothing."""
    return f"max by (service) ({instant(state, service=service, state=states)} == 1)"


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
        known = f"({known} or {_went(NODE_ALIVE, service=rays, ray_node=needed)} or {_went(UP, service=rays)})"
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


def _went(metric: Metric, **labels: Matcher) -> str:
    """0 now, and not for as long as an hour: what Ray has been without for longer, the engine does without too."""
    return f"{instant(metric, **labels)} == 0 and {highest(metric, _HOUR, **labels)} == 1"


def _below(cluster: Cluster, service: str) -> tuple[str, ...]:
    """The Ray clusters that an engine over several nodes may run on."""
    entry = cluster.services[service]
    if not isinstance(entry, Vllm) or len(entry.nodes) == 1:
        return ()
    return tuple(name for name, other in cluster.of_kind(Ray).items() if set(entry.nodes) <= set(other.nodes))
