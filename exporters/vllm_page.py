"""vLLM's metrics page under the names of our catalogue, every series per model and engine with its own buckets.

Source: the text of GET /metrics (without a slash at the end: with one it is another handler and another format).
Errors: SourceError for a page that is cut off, is not Prometheus text, or has a series twice. Families and labels
that this version does not know are dropped. A page without any `vllm:` line (--disable-log-stats) is empty, not wrong.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as Line

from exporters.source import SourceError
from exporters.vllm_names import ENGINE_LABEL, FAMILIES, MODEL_LABEL, OWN_LABELS, PREFIX, SINGLE_ENGINE, STEPS
from ragpulse.catalogue import vllm
from ragpulse.metric import Metric, Sample

_OURS = (PREFIX, f"# HELP {PREFIX}", f"# TYPE {PREFIX}")
EngineKey = tuple[str, str]  # model, engine


@dataclass(frozen=True, slots=True)
class Engine:
    """What one engine is doing. `progress` grows with every step of work, whatever its unit."""

    running: float
    waiting: float
    kv_cache_usage: float
    generated: float
    progress: float


@dataclass(slots=True)
class _Histogram:
    edges: dict[float, float] = field(default_factory=dict)
    total: float = math.nan
    count: float = math.nan


class VllmPage:
    def __init__(self, text: str) -> None:
        self._families = _parse(text)

    def offered(self) -> Iterator[tuple[Metric, bool]]:
        for metric in FAMILIES:
            yield metric, self._family(metric) is not None

    def samples(self, service: str) -> Iterator[Sample]:
        for metric in FAMILIES:
            if (family := self._family(metric)) is None:
                continue
            if metric.kind == "histogram":
                for labels, found in _histograms(family).items():
                    yield from metric.buckets(
                        found.edges.items(),
                        found.total,
                        service=service,
                        **dict(zip(_names(metric), labels, strict=True)),
                    )
            else:
                for labels, value in _values(metric, family).items():
                    yield metric(value, service=service, **dict(zip(_names(metric), labels, strict=True)))

    def engines(self) -> dict[EngineKey, Engine]:
        running, waiting, kv_cache, generated, prompt = (
            self._by_engine(metric)
            for metric in (
                vllm.REQUESTS_RUNNING,
                vllm.REQUESTS_WAITING,
                vllm.KV_CACHE_USAGE,
                vllm.GENERATION_TOKENS,
                vllm.PROMPT_TOKENS,
            )
        )
        steps = self._steps()
        return {
            key: Engine(
                running=running[key],
                waiting=waiting.get(key, 0.0),
                kv_cache_usage=kv_cache.get(key, 0.0),
                generated=generated.get(key, 0.0),
                progress=generated.get(key, 0.0) + prompt.get(key, 0.0) + steps.get(key, 0.0),
            )
            for key in running
        }

    def _family(self, metric: Metric) -> Family | None:
        offered = (self._families.get(name) for name in FAMILIES[metric])
        return next((family for family in offered if family is not None and family.type == metric.kind), None)

    def _by_engine(self, metric: Metric) -> Mapping[EngineKey, float]:
        family = self._family(metric)
        return {} if family is None else {(key[0], key[1]): value for key, value in _values(metric, family).items()}

    def _steps(self) -> Mapping[EngineKey, float]:
        family = next((self._families[name] for name in STEPS if name in self._families), None)
        if family is None or family.type != "histogram":
            return {}
        return {(key[0], key[1]): found.count for key, found in _histograms(family).items()}


def _parse(text: str) -> dict[str, Family]:
    if text and not text.endswith("\n"):
        raise SourceError("GET /metrics: the page is cut off in its last line")
    if not any(line.startswith(("# TYPE ", *_OURS)) for line in text.split("\n")):
        raise SourceError("GET /metrics is no page of Prometheus metrics")
    ours = "\n".join(line for line in text.split("\n") if line.startswith(_OURS))
    families: dict[str, Family] = {}
    try:
        for family in text_string_to_metric_families(ours):
            if family.name in families and family.type != "unknown":
                raise SourceError(f"GET /metrics: {family.name} stands twice")
            families.setdefault(family.name, family)
    except ValueError as error:
        raise SourceError(f"GET /metrics is not Prometheus text: {error}") from error
    return families


def _names(metric: Metric) -> tuple[str, ...]:
    return metric.labels[1:]  # all but `service`, which is ours


def _key(line: Line, own: Mapping[str, str]) -> tuple[str, ...]:
    model, engine = line.labels.get(MODEL_LABEL, ""), line.labels.get(ENGINE_LABEL, SINGLE_ENGINE)
    return (model, engine, *(line.labels.get(theirs, "") for theirs in own.values()))


def _values(metric: Metric, family: Family) -> dict[tuple[str, ...], float]:
    values: dict[tuple[str, ...], float] = {}
    for line in family.samples:
        key = _key(line, OWN_LABELS.get(metric, {}))
        if key in values:
            raise _twice(line)
        values[key] = _amount(line)
    return values


def _histograms(family: Family) -> dict[tuple[str, ...], _Histogram]:
    found: defaultdict[tuple[str, ...], _Histogram] = defaultdict(_Histogram)
    for line in family.samples:
        histogram = found[_key(line, {})]
        if line.name.endswith("_bucket"):
            edge = _edge(line)
            if edge in histogram.edges:
                raise _twice(line)
            histogram.edges[edge] = _amount(line)
        elif line.name.endswith("_sum"):
            histogram.total = _amount(line)
        else:
            histogram.count = _amount(line)
    if not all(_adds_up(histogram) for histogram in found.values()):
        raise SourceError(f"GET /metrics: the buckets, sum and count of {family.name} do not fit each other")
    return found


def _adds_up(histogram: _Histogram) -> bool:
    edges, counts = list(histogram.edges), list(histogram.edges.values())
    return (
        edges[-1:] == [math.inf]
        and edges == sorted(edges)
        and counts == sorted(counts)
        and counts[-1] == histogram.count
        and not math.isnan(histogram.total)
    )


def _edge(line: Line) -> float:
    try:
        return float(line.labels["le"])
    except (KeyError, ValueError):
        raise SourceError(f"GET /metrics: {line.name} has no upper edge") from None


def _amount(line: Line) -> float:
    """Nothing that we read of vLLM can be negative or endless."""
    if not math.isfinite(line.value) or line.value < 0:
        raise SourceError(f"GET /metrics: {line.name} is {line.value}")
    return float(line.value)


def _twice(line: Line) -> SourceError:
    return SourceError(f"GET /metrics: {line.name} has two series that differ in no label that is known here")
