"""vLLM's metrics page under the names of our catalogue, whatever its version calls them; also Ray's page of it.

Source: the page of GET /metrics (without a slash at the end: with one it is another handler and another format, which
is read as well). Every series stands for itself, by model and engine, with its own buckets and its own value: a counter
that falls is a reset of vLLM's and passed on as such, a family that vanishes (Ray takes gauges away while nothing runs)
is absent for as long. On Ray's page an engine is `<engine>@<process>`: many processes have an engine 0 each, and a name
that depended on who else is there would change with them.

Errors: SourceError for a page that cannot be read, has a series twice, or a value that none can have. Families and
labels that no version known here has are dropped; so are series beyond the most that are shown, and those are counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from exporters import vllm_families, vllm_text
from exporters.source import SourceError
from exporters.vllm_families import Groups, Key
from exporters.vllm_histogram import Histogram, histogram
from exporters.vllm_names import FAMILIES
from exporters.vllm_text import EngineKey
from ragpulse.catalogue import vllm
from ragpulse.metric import Metric, Sample


@dataclass(frozen=True, slots=True)
class Engine:
    """What an engine is doing; 0 where it does not say. `progress` grows with every step of work, whatever its unit."""

    running: float
    waiting: float
    kv_cache_usage: float
    generated: float
    progress: float


class VllmPage:
    """`dropped`: series that were left out. `unknown`: families of vLLM's that no version known here has.

    `stats_disabled`: it is a page of metrics, not Ray's, and vLLM says nothing of itself.
    """

    def __init__(self, page: str | bytes) -> None:
        text = vllm_text.read(_decoded(page))
        families = vllm_families.choose(text)
        self.dropped = families.dropped
        self.unknown = text.unknown
        self.stats_disabled = not text.has_vllm and not text.is_of_ray
        self._shown = families.shown

    def offered(self) -> Iterator[tuple[Metric, bool]]:
        for metric in FAMILIES:
            yield metric, metric in self._shown

    def samples(self, service: str) -> Iterator[Sample]:
        """Of all that the page offers."""
        for metric, groups in self._shown.items():
            names = metric.labels[1:]
            if metric.kind == "histogram":
                for key, found in self._histograms(metric).items():
                    yield from metric.buckets(
                        found.edges.items(), found.total, service=service, **dict(zip(names, key, strict=True))
                    )
            else:
                for key, value in _values(groups).items():
                    yield metric(value, service=service, **dict(zip(names, key, strict=True)))

    def about(self, service: str) -> Iterator[Sample]:
        """What the page is, where it is the only one of its service."""
        for metric, is_offered in self.offered():
            yield vllm.METRIC_OFFERED(is_offered, service=service, metric=metric.name)
        yield vllm.STATS_DISABLED(self.stats_disabled, service=service)
        yield vllm.UNKNOWN_FAMILIES(self.unknown, service=service)

    def engines(self) -> dict[EngineKey, Engine]:
        """An engine is there when anything is said of it."""
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
        steps = {(key[0], key[1]): found.count for key, found in self._histograms(vllm.TOKENS_PER_STEP).items()}
        return {
            key: Engine(
                running=running.get(key, 0.0),
                waiting=waiting.get(key, 0.0),
                kv_cache_usage=kv_cache.get(key, 0.0),
                generated=generated.get(key, 0.0),
                progress=generated.get(key, 0.0) + prompt.get(key, 0.0) + steps.get(key, 0.0),
            )
            for key in self._engine_keys
        }

    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(model for model, _ in self._engine_keys if model))

    def cache(self) -> dict[str, tuple[float, float]]:
        """Engine → blocks of its KV cache, tokens of one block; without those that do not say both."""
        blocks, tokens = (
            {key[0]: value for key, value in _values(self._shown.get(metric, {})).items()}
            for metric in (vllm.CACHE_BLOCKS, vllm.CACHE_BLOCK_SIZE)
        )
        return {engine: (count, tokens[engine]) for engine, count in blocks.items() if engine in tokens}

    @property
    def started(self) -> float | None:
        """When the API server started, in Unix time; None when several share the page."""
        return _values(self._shown.get(vllm.STARTED, {})).get(())

    @cached_property
    def _engine_keys(self) -> list[EngineKey]:
        return sorted(
            {
                (key[0], key[1])
                for metric, groups in self._shown.items()
                if vllm_families.is_of_engine(metric)
                for key in groups
            }
        )

    def _by_engine(self, metric: Metric) -> Mapping[EngineKey, float]:
        return {(key[0], key[1]): value for key, value in _values(self._shown.get(metric, {})).items()}

    def _histograms(self, metric: Metric) -> dict[Key, Histogram]:
        groups = self._shown.get(metric, {})
        return {key: histogram(metric.name, lines) for key, lines in groups.items()}


def _values(groups: Groups) -> dict[Key, float]:
    return {key: lines[0].value for key, lines in groups.items()}


def _decoded(page: str | bytes) -> str:
    try:
        return page if isinstance(page, str) else page.decode()
    except UnicodeDecodeError as error:
        raise SourceError("GET /metrics: the page is not UTF-8 text") from error
