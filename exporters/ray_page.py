"""What does a metrics page of Ray say of nodes, actors, tasks, memory and GPUs?

Pages are large (254 KB on an idle head, 591 KB with one vLLM, of which histograms of its own RPCs are most) and little
is needed: lines are found by the names of their families in the bytes as they came, and only those are decoded and
handed to the official parser. `dropped`: needed lines that are not told: of a state that no version known here has, or
of a family with more lines than `MAX_LINES`. Errors: SourceError for what is no page of metrics.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as Line

from exporters.label_text import fits_label
from exporters.source import SourceError
from ragpulse.catalogue.ray import ACTOR_STATES, TASK_STATES

MAX_LINES = 5000  # of one family; a busy cluster has a few for each name of a task
_MAX_LINE = 4096  # bytes; the parser's time grows with the square of a line
_MOST = 2.0**63


@dataclass(slots=True)
class RayPage:
    """None, or a state that is missing: the page does not say. Bytes. Raylet and reporter are two writers of one page.

    nodes: those that live, as this node's scheduler counts, or as Ray's autoscaler does, which is slower.
    gpus_registered, gpus_reported: as the scheduler's resource, and as found by the reporter.
    """

    nodes: int | None = None
    node_failures: float = 0.0
    actors: dict[str, float] = field(default_factory=lambda: dict.fromkeys(ACTOR_STATES, 0.0))
    tasks: dict[str, float] = field(default_factory=lambda: dict.fromkeys(TASK_STATES, 0.0))
    object_store_used: float | None = None
    object_store_total: float | None = None
    worker_evictions: float | None = None
    gpus_registered: float | None = None
    gpus_reported: float | None = None
    version: str | None = None
    dropped: int = 0


def read(body: bytes) -> RayPage:
    text = b"\n" + body
    if b"\n# TYPE " not in text or not body.endswith((b"\n", b"# EOF")):
        raise SourceError("is no whole page of Prometheus metrics")
    page = RayPage()
    families: dict[str, list[Line]] = {}
    for name in _NAMES:
        raw = list(_lines(text, name))
        if len(raw) > MAX_LINES:
            page.dropped += len(raw)
            continue
        families[name.decode()] = [_parsed(line) for line in raw]
    _fill(page, families)
    return page


_NAMES = (
    b"ray_local_resource_view_node_count",
    b"ray_cluster_active_nodes",
    b"ray_node_failure_total",
    b"ray_actors",
    b"ray_tasks",
    b"ray_object_store_used_memory",
    b"ray_object_store_available_memory",
    b"ray_memory_manager_worker_eviction_total",
    b"ray_resources",
    b"ray_node_cpu_count",
    b"ray_node_gpus_available",
)


def _lines(text: bytes, name: bytes) -> Iterator[bytes]:
    """All samples of a family, wherever they stand."""
    start, mark = 0, b"\n" + name + b"{"
    while (start := text.find(mark, start)) >= 0:
        end = text.find(b"\n", start + 1)
        yield text[start + 1 : end if end >= 0 else len(text)]
        start += len(mark)


def _parsed(raw: bytes) -> Line:
    if len(raw) > _MAX_LINE:
        raise SourceError("has a line longer than any of Ray")
    try:
        ((line,),) = (family.samples for family in text_string_to_metric_families(raw.decode()))
    except (ValueError, LookupError, ArithmeticError) as error:  # what the parser stumbles over
        raise SourceError(f"is not Prometheus text: {error}") from error
    if not math.isfinite(line.value) or abs(line.value) > _MOST:
        raise SourceError("has a value that none can have")
    return line


def _fill(page: RayPage, families: dict[str, list[Line]]) -> None:
    def total(name: str, where: Callable[[Line], bool] = lambda _: True) -> float:
        return sum(line.value for line in families.get(name, ()) if where(line))

    if counted := families.get("ray_local_resource_view_node_count") or families.get("ray_cluster_active_nodes"):
        page.nodes = round(sum(line.value for line in counted))
    page.node_failures = total("ray_node_failure_total")
    for states, name in ((page.actors, "ray_actors"), (page.tasks, "ray_tasks")):
        for line in families.get(name, ()):
            if (state := line.labels.get("State", "")) in states:
                states[state] += line.value
            else:
                page.dropped += 1
    if families.get("ray_object_store_used_memory"):
        page.object_store_used = total("ray_object_store_used_memory")
        page.object_store_total = page.object_store_used + total("ray_object_store_available_memory")
    if families.get("ray_resources"):
        page.gpus_registered = total("ray_resources", lambda line: line.labels.get("Name") == "GPU")
        page.worker_evictions = total("ray_memory_manager_worker_eviction_total")  # there with the first one only
    if families.get("ray_node_cpu_count"):
        page.gpus_reported = total("ray_node_gpus_available")
    versions = (line.labels.get("Version") for lines in families.values() for line in lines)
    page.version = next((text for text in versions if text and fits_label(text)), None)
