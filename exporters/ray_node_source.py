"""What one node of a Ray cluster holds, read by the agent of that node.

Source: its metrics pages, at the ports that the cluster file names. Errors: PartError for a page that is none of Ray's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from exporters import ray_pages
from exporters.ray_pages import HEAD_PORTS, Place, RayPages, Read
from exporters.source import PartError
from exporters.vllm_names import FAMILIES
from ragpulse.catalogue import ray as names
from ragpulse.catalogue.agent import SOURCE_DROPPED
from ragpulse.metric import Metric, Sample

if TYPE_CHECKING:
    from exporters.probe import Plan
    from ragpulse.inventory import Node
    from ragpulse.services import Ray

_SHARE = 0.9  # of the interval, for all requests of a run together


class RayNodeSource:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (
        names.TARGET_STATE, names.ACTORS, names.TASKS, names.OBJECT_STORE_USED, names.OBJECT_STORE_TOTAL,
        names.WORKER_EVICTIONS, names.GPUS_REGISTERED, names.GPUS_REPORTED, names.INFO, SOURCE_DROPPED, *FAMILIES,
    )  # fmt: skip

    def __init__(self, plan: Plan, ray: Ray, node: str, nodes: Mapping[str, Node]) -> None:
        """`nodes`: those of the service, as the cluster file has them, the head first."""
        self.name = f"ray:{plan.service}"
        self.interval = plan.interval
        self.timeout = plan.interval
        self._service = plan.service
        self._node = node
        self._ray = ray
        self._request_timeout = plan.request_timeout
        self._pages = RayPages(
            plan.service, {name: found.address for name, found in nodes.items()}, plan.request_timeout
        )
        self._ends = 0.0

    def read(self) -> Iterator[Sample]:
        self._ends = time.monotonic() + _SHARE * self.interval
        problems: list[str] = []
        yield from self._look(problems)
        if problems:
            raise PartError("; ".join(problems))

    def _look(self, problems: list[str]) -> Iterator[Sample]:
        ports = (port for port in self._ray.metrics_ports if port not in HEAD_PORTS)
        yield from self._said(self._read([(self._node, port) for port in ports]), problems)

    def _left(self) -> float:
        """Seconds that the next request may take."""
        return min(self._request_timeout, self._ends - time.monotonic())

    def _read(self, places: list[Place]) -> dict[Place, Read]:
        """What there was no time for is not there."""
        self._pages.only(places)
        return {place: self._pages.read(place, left) for place in places if (left := self._left()) > 0}

    def _said(self, found: dict[Place, Read], problems: list[str], version: str | None = None) -> Iterator[Sample]:
        yield from ray_pages.samples(self._service, found)
        of_vllm, dropped = ray_pages.vllm_samples(found)
        yield from of_vllm
        pages = [read.page for read in found.values() if read.page is not None]
        yield SOURCE_DROPPED(dropped + sum(page.dropped for page in pages), source=self.name)
        if version := version or next((page.version for page in pages if page.version), None):
            yield names.INFO(1, service=self._service, version=version)
        problems += [f"page of {node}:{port} {read.problem}" for (node, port), read in found.items() if read.problem]
