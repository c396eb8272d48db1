"""What Prometheus is asked for a baseline: pairs of counters, each told apart by subject, check and node.

Only what probes and canaries of ours measure, and what the machines did meanwhile: both are there without any user.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ragpulse.catalogue import chroma_recall, gpu, memory, service, vllm, vllm_canary
from ragpulse.metric import Metric
from ragpulse.promql import bucket_increase, events, instant, observed
from ragpulse.report.kinds import KindName

_PROBE = "service, check, node"
_SERVICE = "service, node"
_TIMES = {
    "first_token": vllm_canary.TTFT,
    "inter_token": vllm_canary.ITL,
    "write_to_readable": memory.READABLE_AFTER,
}


@dataclass(frozen=True, slots=True)
class Question:
    """amount, of: counters; without `of`, a gauge. subject: the label that names it. check: a label or, where there is
    none of it, a name. latency: the histogram that the pair is of.
    """

    kind: KindName
    amount: str
    of: str | None
    subject: str
    check: str
    latency: Metric | None = None

    def buckets(self, window: float) -> str | None:
        if self.latency is None:
            return None
        labels = [label for label in (self.subject, self.check) if label in self.latency.labels]
        return _by(", ".join([*labels, "le"]), bucket_increase(self.latency, window))


def questions() -> Iterator[Question]:
    yield _latency(service.DURATION, _PROBE, "check")
    for check, metric in _TIMES.items():
        yield _latency(metric, _SERVICE, check)
    requests = _by(_PROBE, instant(service.REQUESTS))
    # A missing counter means no failure.
    answered = f"({requests} - {_by(_PROBE, instant(service.FAILURES))}) or {requests}"
    yield Question("answered", answered, requests, "service", "check")
    yield Question("in_time", _by(_PROBE, instant(service.WITHIN_TARGET)), requests, "service", "check")
    yield Question(
        "throughput", _by(_SERVICE, instant(vllm.DEMAND_TOKENS)), _by(_SERVICE, instant(vllm.DEMAND_SECONDS)),
        "service", "generation",
    )  # fmt: skip
    yield Question("recall", _by("service, k, node", instant(chroma_recall.RECALL)), None, "service", "k")
    yield Question("busy", _by("node, gpu", instant(gpu.BUSY)), _by("node, gpu", instant(gpu.OBSERVED)), "node", "gpu")


def _latency(metric: Metric, by: str, check: str) -> Question:
    return Question("latency", _by(by, observed(metric)), _by(by, events(metric)), "service", check, metric)


def _by(labels: str, expression: str) -> str:
    return f"sum by ({labels}) ({expression})"
