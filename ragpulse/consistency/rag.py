"""Stages of a RAG path that ask nobody, the wrong one, or what is not described; and a path that cannot be judged."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from ragpulse.consistency.contradiction import Contradiction
from ragpulse.inventory import Cluster
from ragpulse.location import Path_
from ragpulse.rag_stages import SERVED_BY, cannot_be_asked, stages
from ragpulse.services import Rag, RagStage
from ragpulse.units import prometheus_duration
from ragpulse.urls import base_url
from ragpulse.vantage import request_timeout

_OPENAI = ("embeddings", "chat")  # their paths are added to a base URL
_WITH_URL = ("http", *_OPENAI)


def contradictions(cluster: Cluster) -> Iterator[Contradiction]:
    for name, path in cluster.of_kind(Rag).items():
        at: Path_ = ("services", name)
        for index, stage in enumerate(path.stages):
            yield from _whom((*at, "stages", index), stage, cluster)
            yield from _settings((*at, "stages", index), stage)
        yield from _names(at, path)
        yield from _nothing_to_do(at, cluster, path)
        yield from _cut_before(at, path, request_timeout(cluster, name))


def _whom(at: Path_, stage: RagStage, cluster: Cluster) -> Iterator[Contradiction]:
    kind = SERVED_BY[stage.operation]
    if stage.operation not in _WITH_URL and stage.url is not None:
        yield Contradiction((*at, "url"), f"{stage.operation} asks a service of kind {kind}; name it by `service`")
    elif stage.service is None and stage.url is None:
        or_url = ", or a `url`" if stage.operation in _WITH_URL else ""
        yield Contradiction(at, f"asks nobody; write the `service` of kind {kind}{or_url}")
    elif stage.service is not None and stage.url is not None:
        yield Contradiction((*at, "url"), "stands beside service; keep one of them")
    if (service := cluster.services.get(stage.service or "")) is None:
        return
    because: tuple[Path_, ...] = (("services", stage.service or ""),)
    if service.kind != kind:
        text = f"{stage.operation} asks a service of kind {kind}; {stage.service} is of kind {service.kind}"
        yield Contradiction((*at, "service"), text, because)
    elif lacking := cannot_be_asked(stage.operation, service):
        text = f"{stage.service} cannot be asked this: set services.{stage.service}.{lacking}"
        yield Contradiction((*at, "service"), text, because)


def _settings(at: Path_, stage: RagStage) -> Iterator[Contradiction]:
    """Keys that mean nothing where they stand."""
    written = {"json" if key == "json_body" else key for key in stage.model_fields_set}
    meaningless = {
        "is for a `url`; a service has its own": {"auth", "tls"} if stage.url is None else set(),
        "is for the `url` of an `http` stage": {"json", "expect"}
        if not (stage.operation == "http" and stage.url)
        else set(),
        f"means nothing for {stage.operation}; leave it out": {"model"} if stage.operation not in _OPENAI else set(),
    }
    for text, keys in meaningless.items():
        for key in sorted(keys & written):
            yield Contradiction((*at, key), text)
    if stage.url is not None:
        yield from _url(at, stage, stage.url)


def _url(at: Path_, stage: RagStage, url: str) -> Iterator[Contradiction]:
    if stage.tls is not None and urlsplit(url).scheme != "https":
        yield Contradiction((*at, "tls"), f"the URL is {url.partition('?')[0]}: tls is for https://", ((*at, "url"),))
    if stage.operation in _OPENAI:
        try:
            base_url(url)
        except ValueError as error:
            yield Contradiction((*at, "url"), str(error))


def _names(at: Path_, path: Rag) -> Iterator[Contradiction]:
    seen: set[str] = set()
    for index, stage in enumerate(path.stages):
        name = stage.name or stage.operation
        if name in seen:
            text = f"two stages are called {name}; give each a `name` of its own"
            yield Contradiction((*at, "stages", index), text)
        seen.add(name)


def _nothing_to_do(at: Path_, cluster: Cluster, path: Rag) -> Iterator[Contradiction]:
    """Nothing is said of it while something that it depends on could not be read."""
    if all(needed in cluster.services for needed in path.depends_on) and not (path.stages or stages(cluster, path)):
        text = (
            "has no stage: write `stages`, or let it depend on a chroma with `query`, a memory with `search`, or a vllm"
        )
        yield Contradiction(at, text, tuple(("services", needed) for needed in path.depends_on))


def _cut_before(at: Path_, path: Rag, timeout: float) -> Iterator[Contradiction]:
    if path.within is not None and path.within > timeout:
        text = (
            f"{prometheus_duration(path.within)} cannot be told: the path is given up after"
            f" {prometheus_duration(timeout)}; lower this, or raise timeout (and every)"
        )
        yield Contradiction((*at, "within"), text, ((*at, "timeout"), (*at, "every")))
