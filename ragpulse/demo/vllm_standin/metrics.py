"""The metrics page of the stand-in: families, labels and buckets of vLLM 0.32.0, for those that it can honestly count.

What 0.32.0 leaves out is left out here too: an aborted request moves tokens and TTFT, but neither `request_success`
nor the end-to-end histogram; a refused one (4xx) moves `http_requests` alone, and one without a key nothing at all.
Seconds and tokens. The registry adds the `_created` gauges, as in the real one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

FINISHED_REASONS = ("stop", "length", "abort", "error", "repetition")
REJECTION_REASONS = ("max_num_queued_reqs", "max_num_queued_tokens")
_ENGINE = "0"
_LABELS = ("model_name", "engine")
_TTFT = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0,
    640.0, 2560.0,
)  # fmt: skip
_ITL = (
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
)  # fmt: skip
_REQUEST = (
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0,
    1920.0, 7680.0,
)  # fmt: skip
_STEP_TOKENS = (1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)


@dataclass(frozen=True, slots=True)
class Occupied:
    """What is read from the engine at the moment of a scrape."""

    running: int
    waiting: int
    kv_cache_usage: float


class Metrics:
    def __init__(self, model: str, cache_config: dict[str, str]) -> None:
        self._registry = CollectorRegistry()
        self._labels = {"model_name": model, "engine": _ENGINE}
        self._running = self._gauge("num_requests_running", "Number of requests in model execution batches.")
        self._waiting = self._gauge("num_requests_waiting", "Number of requests waiting to be processed.")
        self._kv_cache = self._gauge("kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.")
        # No request is ever thrown out here (the cache holds every slot at full length), so this stays at 0.
        self._counter("num_preemptions", "Cumulative number of preemption from the engine.")
        self.prompt_tokens = self._counter("prompt_tokens", "Number of prefill tokens processed.")
        self.generation_tokens = self._counter("generation_tokens", "Number of generation tokens processed.")
        self.ttft = self._histogram("time_to_first_token_seconds", "time to first token in seconds", _TTFT)
        self.itl = self._histogram("inter_token_latency_seconds", "inter-token latency in seconds", _ITL)
        self.e2e = self._histogram("e2e_request_latency_seconds", "e2e request latency in seconds", _REQUEST)
        self.queue_time = self._histogram("request_queue_time_seconds", "time spent in WAITING phase", _REQUEST)
        self.step_tokens = self._histogram("iteration_tokens_total", "number of tokens per engine_step", _STEP_TOKENS)
        finished = Counter(
            "vllm:request_success",
            "Count of successfully processed requests.",
            (*_LABELS, "finished_reason"),
            registry=self._registry,
        )
        self.finished = {reason: finished.labels(**self._labels, finished_reason=reason) for reason in FINISHED_REASONS}
        rejections = Counter(
            "vllm:admission_rejections",
            "Number of admission attempts rejected by a queue limit, by reason.",
            ("model_name", "reason"),
            registry=self._registry,
        )
        self.rejections = {reason: rejections.labels(model, reason) for reason in REJECTION_REASONS}
        self._http = Counter(
            "http_requests",
            "Total number of requests by method, status and handler.",
            ("handler", "method", "status"),
            registry=self._registry,
        )
        config = Gauge(
            "vllm:cache_config_info",
            "Information of the LLMEngine CacheConfig",
            ("engine", *cache_config),
            registry=self._registry,
        )
        config.labels(engine=_ENGINE, **cache_config).set(1)

    def watch(self, occupied: Callable[[], Occupied]) -> None:
        self._running.set_function(lambda: occupied().running)
        self._waiting.set_function(lambda: occupied().waiting)
        self._kv_cache.set_function(lambda: occupied().kv_cache_usage)

    def count_http(self, handler: str, method: str, status: int) -> None:
        self._http.labels(handler, method, f"{status // 100}xx").inc()

    def page(self) -> bytes:
        return generate_latest(self._registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"vllm:{name}", text, _LABELS, registry=self._registry).labels(**self._labels)

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(f"vllm:{name}", text, _LABELS, registry=self._registry).labels(**self._labels)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        histogram = Histogram(
            f"vllm:{name}", f"Histogram of {text}.", _LABELS, buckets=buckets, registry=self._registry
        )
        return histogram.labels(**self._labels)
