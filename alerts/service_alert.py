"""What alerts about one service share: where it lives, and silence while what it needs is known to be broken.

Both follow from the graph (`ragpulse.dependencies`). A node that is down, or was until a moment ago, is told as
`NodeDown`; a service beneath that cannot do its work has a page of its own. An engine over several nodes may run on
Ray, which needs 15 s to find one of its nodes dead while the machine answers: then that is told, or that its head is
gone, and not what follows from it.
"""

from alerts import timing
from alerts.node import NODE_DOWN
from alerts.rule import Alert, Severity
from ragpulse.catalogue.ray import NODE_ALIVE
from ragpulse.catalogue.service import READY, UP
from ragpulse.dependencies import Dependencies
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.promql import Matcher, fired_within, highest, instant
from ragpulse.services import Ray, Vllm
from ragpulse.vantage import home, interval

_HOUR = 3600.0


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
    graph = Dependencies(cluster)
    others = explaining(cluster, service)
    rays = tuple(each for each in graph.services_beneath(service) if each not in others)
    explained = [node_went(graph.nodes_beneath(service), timing.settling(cluster, timing.looks_back(condition)))]
    if isinstance(cluster.services[service], Vllm) and rays:
        explained += _went_from(cluster.services[service].nodes, rays)
        hold += timing.evaluation(cluster)
        rays = ()
    if others or rays:
        explained += _cannot_work(others, rays)
        hold = max(hold, _known_within(cluster, (*others, *rays)))
    return Alert(
        name,
        f"{condition} unless on () ({' or '.join(explained)})",
        hold=hold,
        severity=severity,
        component=service,
        summary=f"{service} on {where} {what}",
        description=meaning,
        labels={"service": service, "node": where, **(labels or {})},
    )


def explaining(cluster: Cluster, service: str) -> tuple[str, ...]:
    """The services beneath without which it cannot work, however long they are away: not Ray, see `_went`."""
    beneath = Dependencies(cluster).services_beneath(service)
    return tuple(each for each in beneath if not isinstance(cluster.services[each], Ray))


def node_went(nodes: tuple[str, ...], window: float) -> str:
    """Something while one of these nodes is known to be down, and so long afterwards."""
    return fired_within(window, alertname=NODE_DOWN, node=nodes)


def told_lately(cluster: Cluster, service: str, window: float) -> str:
    """A page about a service, another or a node that it needs, now or within the window."""
    paged = fired_within(window, severity="page", service=(service, *explaining(cluster, service)), slo="")
    return f"{paged} or {node_went(Dependencies(cluster).nodes_beneath(service), window)}"


def _went_from(nodes: tuple[str, ...], rays: tuple[str, ...]) -> list[str]:
    """The Ray beneath an engine over these nodes, or one of them in it, went within the hour."""
    return [_went(NODE_ALIVE, service=rays, ray_node=nodes), _went(UP, service=rays)]


def _went(metric: Metric, **labels: Matcher) -> str:
    """0 now, and not for as long as an hour: what Ray has been without for longer, the engine does without too."""
    return f"{instant(metric, **labels)} == 0 and {highest(metric, _HOUR, **labels)} == 1"


def _cannot_work(probed: tuple[str, ...], rays: tuple[str, ...]) -> list[str]:
    """What is seen of it and not what is told: it may be told a moment later, or only after it has been loading for
    long. Ray is not ready, too, while it keeps to itself which of its nodes live.
    """
    unready = [f"max by (service) ({instant(READY, service=probed)}) == 0"] if probed else []
    return [*unready, *([_went(UP, service=rays)] if rays else [])]


def _known_within(cluster: Cluster, needed: tuple[str, ...]) -> float:
    """A service beneath may be probed more seldom."""
    return max(interval(cluster, each) for each in needed) + timing.patience(cluster)
