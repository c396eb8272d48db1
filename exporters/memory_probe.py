"""Does a memory service answer (health), can it work (ready), does it find (search)?

Source: the requests of the cluster file. Without a configured readiness request, health stands for it. Nothing is
written here: a memory that is stored and deleted leaves traces (`memory_roundtrip`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from exporters import memory_request
from exporters.http_client import Answer, HttpClient
from exporters.probe import Plan, ServiceProbe
from ragpulse.catalogue.memory import STALE
from ragpulse.catalogue.service import REASONS

if TYPE_CHECKING:
    from ragpulse.services import Memory, MemoryCheck


def memory_probe(plan: Plan, memory: Memory) -> ServiceProbe:
    client = memory_request.client(memory, plan.request_timeout)
    configured = {"health": memory.health, "ready": memory.ready, "search": memory.search}
    checks = {name: _request(client, check) for name, check in configured.items() if check is not None}
    return ServiceProbe(
        plan, client, checks, ready_when="ready" if memory.ready else "health", reasons=(*REASONS, STALE)
    )


def _request(client: HttpClient, check: MemoryCheck) -> Callable[[], Answer]:
    return lambda: memory_request.ask(client, check)
