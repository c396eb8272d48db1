"""vLLM's metrics page under the names of our catalogue, every series per model and engine with its own buckets.

Source: the text of GET /metrics (without a slash at the end: with one it is another handler and another format).
Errors: SourceError for a page that cannot be read, has a series twice, or a value that none can have. Families and
labels that this version does not know are dropped; so are series beyond the most that are shown, and those are counted.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample as Line

from exporters import vllm_text
from exporters.source import SourceError
from exporters.vllm_names import FAMILIES, OWN_LABELS, STEPS
from exporters.vllm_text import EngineKey, engine_of
from ragpulse.catalogue import vllm
from ragpulse.metric import Metric, Sample

_MOST = 2.0**53  # beyond it a float counts no single event any more, and a counter of ours would stand still for ever


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
    """`dropped`: series that were left out."""

    def __init__(self, text: str) -> None:
        self._families = vllm_text.families(text)
        self.dropped = vllm_text.leave_out(self._families)

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


def _names(metric: Metric) -> tuple[str, ...]:
    return metric.labels[1:]  # all but `service`, which is ours


def _key(line: Line, own: Mapping[str, str]) -> tuple[str, ...]:
    return (*engine_of(line), *(line.labels.get(theirs, "") for theirs in own.values()))


def _values(metric: Metric, family: Family) -> dict[tuple[str, ...], float]:
    values: dict[tuple[str, ...], float] = {}
    for line in family.samples:
        key = _key(line, OWN_LABELS.get(metric, {}))
        values[key] = _once(line, values.get(key, math.nan))
    return values


def _histograms(family: Family) -> dict[tuple[str, ...], _Histogram]:
    found: defaultdict[tuple[str, ...], _Histogram] = defaultdict(_Histogram)
    for line in family.samples:
        histogram = found[_key(line, {})]
        if line.name.endswith("_bucket"):
            edge = _edge(line)
            histogram.edges[edge] = _once(line, histogram.edges.get(edge, math.nan))
        elif line.name.endswith("_sum"):
            histogram.total = _once(line, histogram.total)
        else:
            histogram.count = _once(line, histogram.count)
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
        edge = float(line.labels["le"])
    except (KeyError, ValueError):
        edge = math.nan
    if math.isnan(edge):
        raise SourceError(f"GET /metrics: {line.name} has no upper edge")
    return edge


def _once(line: Line, before: float) -> float:
    """Nothing that we read of vLLM can be negative or endless, nor so large that it cannot count any more."""
    if not math.isnan(before):
        raise SourceError(f"GET /metrics: {line.name} has two series that differ in no label that is known here")
    if not 0 <= line.value <= _MOST:
        raise SourceError(f"GET /metrics: {line.name} is {line.value}")
    return float(line.value)
