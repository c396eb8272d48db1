"""The numbers that a memory service tells about itself, named in the cluster file by dotted path.

Source: its readiness answer (its health answer without one), read on the node that it lives on. What is absent there
or no number has no sample, and a service that does not answer well has none at all: the probe tells of it. Errors:
SourceError for a good answer that is not JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exporters import json_field, memory_request
from exporters.http_client import Failure
from exporters.probe import Plan
from exporters.source import SourceError
from ragpulse.catalogue.memory import GAUGE
from ragpulse.metric import Metric, Sample

if TYPE_CHECKING:
    from ragpulse.services import Memory


class MemorySource:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (GAUGE,)

    def __init__(self, plan: Plan, memory: Memory) -> None:
        self.name = f"memory:{plan.service}"
        self.interval = plan.interval
        self.timeout = plan.request_timeout + 1.0
        self._service = plan.service
        self._gauges = memory.gauges
        self._check = memory.ready or memory.health
        self._client = memory_request.client(memory, plan.request_timeout)

    def read(self) -> Iterator[Sample]:
        try:
            with self._client:
                answer = memory_request.ask(self._client, self._check)
        except Failure:
            return
        try:
            status = answer.json()
        except Failure as failure:
            raise SourceError(f"{self._check.path}: {failure}; gauges need a JSON answer") from failure
        for name, path in self._gauges.items():
            if (value := json_field.number_at(status, path)) is not None:
                yield GAUGE(value, service=self._service, name=name)
