"""The stages of a RAG path, as written or else as its `depends_on` has them, each with the service that it asks.

`SERVED_BY`: the kinds of service that can answer an operation, for whoever checks what is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster
    from ragpulse.services import AnyService, Rag, RagStage

SERVED_BY = {
    "embeddings": "vllm",
    "retrieval": "chroma",
    "search_memory": "memory",
    "chat": "vllm",
    "http": "http",
}
_BY_DEFAULT = ("retrieval", "search_memory", "chat")


@dataclass(frozen=True, slots=True)
class Stage:
    """written: as it stands in the cluster file; None for one that follows from `depends_on`. service: its name, and
    `asks` its description; None for a stage with a URL of its own.
    """

    name: str
    operation: str
    written: RagStage | None
    service: str | None
    asks: AnyService | None


def stages(cluster: Cluster, path: Rag) -> tuple[Stage, ...]:
    return tuple(_as_written(cluster, stage) for stage in path.stages) or tuple(_by_default(cluster, path))


def operations(service: AnyService) -> tuple[str, ...]:
    """For which it stands in a path whose stages are not written."""
    return tuple(operation for operation in _BY_DEFAULT if SERVED_BY[operation] == service.kind)


def cannot_be_asked(operation: str, service: AnyService) -> str:
    """The key that a service lacks for this operation; empty when it lacks none."""
    if service.kind == "chroma" and operation == "retrieval" and service.query is None:
        return "query.collection"
    return "search" if service.kind == "memory" and operation == "search_memory" and service.search is None else ""


def _as_written(cluster: Cluster, stage: RagStage) -> Stage:
    asks = cluster.services[stage.service] if stage.service is not None else None
    return Stage(stage.name or stage.operation, stage.operation, stage, stage.service, asks)


def _by_default(cluster: Cluster, path: Rag) -> Iterator[Stage]:
    for operation in _BY_DEFAULT:
        found = [
            name
            for name in path.depends_on
            if operation in operations(cluster.services[name])
            and not cannot_be_asked(operation, cluster.services[name])
        ]
        for name in found:
            called = operation if name == found[0] else f"{operation}-{name}"
            yield Stage(called, operation, None, name, cluster.services[name])
