"""Ray: do its nodes live, as its head sees them? Of a node whose own agent is gone, that is told and no more."""

from collections.abc import Iterator

from alerts import timing
from alerts.rule import Alert, Group
from alerts.service_alert import node_went, service_alert
from ragpulse.catalogue.ray import NODE_ALIVE
from ragpulse.catalogue.service import READY, UP
from ragpulse.inventory import Cluster
from ragpulse.promql import instant
from ragpulse.services import Ray, Vllm
from ragpulse.vantage import home

_LEAF_INTERVALS = 3
_RAY_MISSES = 15.0  # seconds after which Ray misses a node that died


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(alert for name, ray in cluster.of_kind(Ray).items() for alert in _alerts(cluster, name, ray))
    return [Group("ray", alerts)] if alerts else []


def _alerts(cluster: Cluster, service: str, ray: Ray) -> Iterator[Alert]:
    step = cluster.monitoring.scrape_interval
    yield service_alert(
        cluster,
        service,
        name="RayHeadDown",
        condition=f"max by (service) ({instant(UP, service=service)}) == 0",
        hold=_LEAF_INTERVALS * step,
        severity="page",
        what="does not answer: its head is down.",
        meaning="Neither its dashboard nor a metrics page of its head answers. Nobody can join the cluster or start"
        " anything in it, and what runs on several nodes fails.",
    )
    for node in ray.nodes[1:]:
        yield _node_lost(cluster, service, node)
    yield service_alert(
        cluster,
        service,
        name="RayNodesUnknown",
        condition=f"max by (service) ({instant(READY, service=service)}) == 0"
        f" and on () max({instant(UP, service=service)}) == 1 unless on () {instant(NODE_ALIVE, service=service)}",
        hold=_LEAF_INTERVALS * step,
        severity="ticket",
        what="does not say which of its nodes live.",
        meaning="Its head answers, and refuses our token or has no dashboard, and no list of metrics pages is there"
        " either. A lost node would show only by what fails without it.",
    )


def _node_lost(cluster: Cluster, service: str, node: str) -> Alert:
    return Alert(
        "RayNodeLost",
        f"max by (service, ray_node) ({instant(NODE_ALIVE, service=service, ray_node=node)}) == 0"
        f" unless on () {node_went((node, home(cluster, service)), timing.settling(cluster))}",
        # The root of whatever fails on it, and itself a leaf of a node that is down.
        hold=timing.root_hold(cluster) if timing.evaluation(cluster) < _RAY_MISSES else timing.leaf_hold(cluster),
        severity="page",
        component=service,
        summary=f"{service}: node {node} is lost to Ray, though the machine answers.",
        description=f"{_needing(cluster, node)} Ray itself on this node has ended, hangs, or cannot be reached by its"
        " head. Alerts about what runs over it are held back for an hour.",
        labels={"service": service, "node": node},
    )


def _needing(cluster: Cluster, node: str) -> str:
    names = [name for name, vllm in cluster.of_kind(Vllm).items() if node in vllm.nodes and len(vllm.nodes) > 1]
    return f"{', '.join(names)} cannot work without it." if names else "What ran on it has failed."
