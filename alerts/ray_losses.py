"""Ray: did it lose a GPU or an actor within the hour? What has a page of its own is not told again: a GPU that fell off
the bus, a node, an engine whose workers the actors were.
"""

from collections.abc import Iterator

from alerts import timing
from alerts.node import NODE_DOWN
from alerts.rule import Alert, Group
from alerts.service import SERVICE_DOWN
from alerts.service_alert import service_alert
from alerts.vllm import VLLM_LOADING_TOO_LONG, VLLM_REFUSING, VLLM_STALLED
from ragpulse.catalogue.ray import ACTORS, GPUS_REGISTERED, NODE_ALIVE
from ragpulse.inventory import Cluster
from ragpulse.promql import earlier, fired_within, firing, instant
from ragpulse.services import Ray, Vllm

_LEAF_INTERVALS = 3
_HOUR = 3600.0
_ALIVE = ("ALIVE", "ALIVE_IDLE", "ALIVE_RUNNING_TASKS")
_PAGES_OF_VLLM = (SERVICE_DOWN, VLLM_STALLED, VLLM_REFUSING, VLLM_LOADING_TOO_LONG)


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(alert for name, ray in cluster.of_kind(Ray).items() for alert in _alerts(cluster, name, ray))
    return [Group("ray_losses", alerts)] if alerts else []


def _alerts(cluster: Cluster, service: str, ray: Ray) -> Iterator[Alert]:
    for node in ray.nodes:
        yield _gpu_lost(cluster, service, node)
    yield _actors_dead(cluster, service, ray)


def _gpu_lost(cluster: Cluster, service: str, node: str) -> Alert:
    """Of what is registered: what a node reports of its GPUs is nothing on a GB10."""
    now, before = (
        f"max by (service, ray_node) ({value})"
        for value in (
            instant(GPUS_REGISTERED, service=service, ray_node=node),
            earlier(GPUS_REGISTERED, _HOUR, service=service, ray_node=node),
        )
    )
    told = fired_within(timing.settling(cluster), alertname=("GpuLost", NODE_DOWN), node=node)
    told = f"({told} or {instant(NODE_ALIVE, service=service, ray_node=node)} == 0)"
    return Alert(
        "RayGpuLost",
        f"{now} < {before} unless on () {told}",
        hold=_LEAF_INTERVALS * cluster.monitoring.scrape_interval,
        severity="ticket",
        component=service,
        summary=f"{service}: {node} offers {{{{ $value }}}} GPUs to Ray, fewer than an hour ago.",
        description="An engine that needs one more will not start there.",
        labels={"service": service, "node": node},
    )


def _actors_dead(cluster: Cluster, service: str, ray: Ray) -> Alert:
    """That an actor has died says nothing yet: another may have taken its place."""
    dead, dead_before = _actors(service, ("DEAD",))
    live, live_before = _actors(service, _ALIVE)
    vllms = tuple(name for name, other in cluster.of_kind(Vllm).items() if set(other.nodes) & set(ray.nodes))
    told = f" unless on () {firing(_PAGES_OF_VLLM, service=vllms)}" if vllms else ""
    return service_alert(
        cluster,
        service,
        name="RayActorsDead",
        condition=f"{dead} - {dead_before} > 0 and {live} < {live_before}{told}",
        hold=_LEAF_INTERVALS * cluster.monitoring.scrape_interval,
        severity="ticket",
        what="has {{ $value }} dead actors more than an hour ago, and fewer that live.",
        meaning="An actor has died and none has taken its place. Of vLLM an actor is a worker or a replica.",
    )


def _actors(service: str, states: tuple[str, ...]) -> tuple[str, str]:
    """Now, and an hour ago: each node says a part."""
    now, before = instant(ACTORS, service=service, state=states), earlier(ACTORS, _HOUR, service=service, state=states)
    return f"sum({now})", f"sum({before})"
