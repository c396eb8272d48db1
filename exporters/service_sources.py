"""What the agent of one node reads of the services: local facts of those that live here, probes of those it watches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from exporters.canary_record import CanaryRecord
from exporters.chroma_disk import ChromaDisk
from exporters.chroma_exposure import ChromaExposure
from exporters.chroma_probe import ChromaProbe
from exporters.chroma_recall import RecallSource
from exporters.chroma_source import ChromaSource
from exporters.chroma_state import ChromaState
from exporters.http_probe import http_probe
from exporters.memory_probe import memory_probe
from exporters.memory_roundtrip import MemoryRoundTripSource
from exporters.memory_source import MemorySource
from exporters.planned import Planned
from exporters.probe import Plan, ServiceProbe
from exporters.rag_path import rag_probe
from exporters.ray_head_source import RayHeadSource
from exporters.ray_node_source import RayNodeSource
from exporters.source import Source
from exporters.vllm_canary import CanaryPlan, VllmCanary
from exporters.vllm_probe import vllm_probe
from exporters.vllm_source import VllmSource
from ragpulse import vantage
from ragpulse.rag_stages import stages
from ragpulse.response_limit import response_limit

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster
    from ragpulse.services import AnyService, Ray, Vllm


def service_sources(cluster: Cluster, node: str) -> list[Planned]:
    found: list[Planned] = []
    for name, service in cluster.services.items():
        look = plan(cluster, name)
        settings = (look, service, _of_the_cluster(service, cluster))
        found += [Planned(source, settings) for source in _sources(look, service, cluster, node)]
    return found


def _of_the_cluster(service: AnyService, cluster: Cluster) -> object:
    """What else the sources of a service depend on."""
    if service.kind == "vllm":
        # A canary is judged by more targets than its own probe; its sources share what it found, so they change as one.
        return cluster.targets
    if service.kind == "rag":
        return stages(cluster, service)
    return [cluster.nodes[node] for node in service.nodes] if service.kind == "ray" else None


def plan(cluster: Cluster, service: str) -> Plan:
    entry = cluster.services[service]
    check, below = response_limit(cluster.targets.response_time, entry) or ("", 0.0)
    return Plan(
        service=service,
        nodes=entry.nodes,
        interval=vantage.interval(cluster, service),
        request_timeout=vantage.request_timeout(cluster, service),
        targets={check: below} if check in entry.checks else {},
    )


def _sources(plan: Plan, service: AnyService, cluster: Cluster, node: str) -> Iterator[Source]:
    is_home, is_vantage = node == vantage.home(cluster, plan.service), node in vantage.vantages(cluster, plan.service)
    if service.kind == "vllm":
        if is_home or is_vantage:
            yield from _vllm(plan, service, cluster, is_home=is_home, is_vantage=is_vantage)
        return
    if service.kind == "ray":
        yield from _ray(plan, service, cluster, node)
        return
    if service.kind == "rag":
        if is_vantage:
            yield rag_probe(plan, service, stages(cluster, service))
        return
    if is_home:
        yield from _local_facts(plan, service)
    if is_vantage:
        yield from _probe(plan, service)
    if service.kind == "memory" and service.roundtrip.enabled and node == vantage.writer(cluster, plan.service):
        yield MemoryRoundTripSource(plan, service)


def _vllm(plan: Plan, vllm: Vllm, cluster: Cluster, *, is_home: bool, is_vantage: bool) -> Iterator[Source]:
    """Canaries from wherever it is judged: at home for its state, elsewhere for its targets."""
    record = CanaryRecord()
    if is_home:
        promised = cluster.targets.throughput
        yield VllmSource(plan.service, vllm, record=record, at_least=promised.at_least if promised else None)
    if is_vantage:
        yield vllm_probe(plan, vllm, record)
    if vllm.canary.enabled:
        targets = cluster.targets
        judged = targets.response_time is not None and targets.response_time.of.get("vllm") == "inter_token"
        yield VllmCanary(
            CanaryPlan(
                service=plan.service,
                timeout=vantage.canary_timeout(vllm.canary),
                ttft=targets.time_to_first_token.below if targets.time_to_first_token else None,
                itl=targets.response_time.below if targets.response_time and judged else None,
            ),
            vllm,
            record,
        )


def _local_facts(plan: Plan, service: AnyService) -> Iterator[Source]:
    if service.kind == "chroma":
        yield ChromaState(plan, service)
        yield ChromaSource(plan, service)
        yield ChromaExposure(plan, service)
        if service.data_dir is not None:
            yield ChromaDisk(plan.service, Path(service.data_dir), read_database=service.read_database)
        if service.canary is not None:
            yield RecallSource(plan.service, service, service.canary)
    elif service.kind == "memory" and service.gauges:
        yield MemorySource(plan, service)


def _probe(plan: Plan, service: AnyService) -> Iterator[ServiceProbe]:
    if service.kind == "chroma":
        yield ChromaProbe(plan, service)
    elif service.kind == "memory":
        yield memory_probe(plan, service)
    elif service.kind == "http":
        yield http_probe(plan, service)


def _ray(plan: Plan, ray: Ray, cluster: Cluster, node: str) -> Iterator[Source]:
    nodes = {name: cluster.nodes[name] for name in ray.nodes}
    if node == vantage.home(cluster, plan.service):
        yield RayHeadSource(plan, ray, nodes)
    elif node in nodes and ray.metrics_ports:
        yield RayNodeSource(plan, ray, node, nodes)
