"""What the agent of one node reads of the services: local facts of those that live here, probes of those it watches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exporters.chroma_probe import chroma_probe
from exporters.chroma_source import ChromaSource
from exporters.http_probe import http_probe
from exporters.memory_probe import memory_probe
from exporters.memory_source import MemorySource
from exporters.planned import Planned
from exporters.probe import Plan, ServiceProbe
from exporters.source import Source
from exporters.vllm_probe import vllm_probe
from exporters.vllm_source import VllmSource
from ragpulse import vantage

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster
    from ragpulse.services import AnyService


def service_sources(cluster: Cluster, node: str) -> list[Planned]:
    found: list[Planned] = []
    for name, service in cluster.services.items():
        look = plan(cluster, name)
        found += [Planned(source, settings=(look, service)) for source in _sources(look, service, cluster, node)]
    return found


def plan(cluster: Cluster, service: str) -> Plan:
    entry = cluster.services[service]
    target = cluster.targets.response_time
    check = target.of.get(entry.kind) if target else None
    return Plan(
        service=service,
        nodes=entry.nodes,
        interval=vantage.interval(cluster, service),
        request_timeout=vantage.request_timeout(cluster, service),
        targets={check: target.below} if target and check in entry.checks else {},
    )


def _sources(plan: Plan, service: AnyService, cluster: Cluster, node: str) -> Iterator[Source]:
    if node == vantage.home(cluster, plan.service):
        yield from _local_facts(plan, service)
    if node in vantage.vantages(cluster, plan.service):
        yield from _probe(plan, service)


def _local_facts(plan: Plan, service: AnyService) -> Iterator[Source]:
    if service.kind == "chroma":
        yield ChromaSource(plan, service)
    elif service.kind == "memory" and service.gauges:
        yield MemorySource(plan, service)
    elif service.kind == "vllm":
        yield VllmSource(plan.service, service)


def _probe(plan: Plan, service: AnyService) -> Iterator[ServiceProbe]:
    if service.kind == "chroma":
        yield chroma_probe(plan, service)
    elif service.kind == "memory":
        yield memory_probe(plan, service)
    elif service.kind == "vllm":
        yield vllm_probe(plan, service)
    elif service.kind == "http":
        yield http_probe(plan, service)
