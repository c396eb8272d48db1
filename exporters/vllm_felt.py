"""What the good canaries of one service felt like: the histograms, the tokens, and how many met all their targets.

Written by the source's thread, read by any. Targets in seconds; None where there is none. Inter-token latency is judged
by the mean gap of a canary: one late token among many is no slow answer.
"""

import threading
from collections.abc import Iterator

from exporters.http_client import Answer
from exporters.latency_counts import LatencyCounts
from exporters.vllm_completion import Completion
from ragpulse.catalogue.vllm_canary import CONNECT, E2E, GOODPUT, ITL, TOKENS, TTFT
from ragpulse.metric import Sample

EMITS = (CONNECT, TTFT, ITL, E2E, TOKENS, GOODPUT)


class Felt:
    def __init__(self, service: str, ttft: float | None, itl: float | None) -> None:
        self._service = service
        self._ttft = ttft
        self._itl = itl
        self._lock = threading.Lock()
        self._histograms = {metric: LatencyCounts() for metric in (CONNECT, TTFT, ITL, E2E)}
        self._tokens = 0
        self._good = 0

    def add(self, completion: Completion, answer: Answer) -> None:
        ttft, gaps = completion.ttft or 0.0, completion.gaps
        mean = sum(gaps) / len(gaps) if gaps else 0.0
        with self._lock:
            self._histograms[CONNECT].add(answer.connecting)
            self._histograms[TTFT].add(ttft)
            for gap in gaps:
                self._histograms[ITL].add(gap)
            self._histograms[E2E].add(answer.seconds)
            self._tokens += completion.tokens
            self._good += _within(ttft, self._ttft) and _within(mean, self._itl)

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            found = [
                sample
                for metric, counts in self._histograms.items()
                for sample in metric.buckets(counts.cumulative(), counts.seconds, service=self._service)
            ]
            found += [TOKENS(self._tokens, service=self._service), GOODPUT(self._good, service=self._service)]
        yield from found


def _within(seconds: float, target: float | None) -> bool:
    return target is None or seconds <= target
