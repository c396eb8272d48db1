"""Targets of which nothing could ever be said, because no measurement tells what they ask for."""

import math
from collections.abc import Iterator

from ragpulse.consistency.contradiction import Contradiction
from ragpulse.consistency.times import SHORTEST_INTERVAL
from ragpulse.inventory import Cluster
from ragpulse.location import Path_
from ragpulse.nearest import nearest
from ragpulse.services import PROBED, Rag
from ragpulse.targets import RESPONSE_CHECKS, VLLM_LOWEST_END_TO_END, ResponseTime
from ragpulse.units import prometheus_duration
from ragpulse.vantage import interval, request_timeout, vantages

_RESPONSE_TIME: Path_ = ("targets", "response_time")
_ROUNDING = 1e-9


def contradictions(cluster: Cluster) -> Iterator[Contradiction]:
    targets = cluster.targets
    if targets.response_time is not None:
        yield from _checks(targets.response_time)
        yield from _end_to_end(targets.response_time)
        yield from _cut_before(cluster, targets.response_time)
    if (band := targets.gpu_utilization) is not None and band.low >= band.high:
        at: Path_ = ("targets", "gpu_utilization")
        text = f"{band.low:g} must be below high ({band.high:g})"
        yield Contradiction((*at, "low"), text, ((*at, "high"),))
    yield from _unresolvable(cluster)


def _checks(target: ResponseTime) -> Iterator[Contradiction]:
    for kind, check in target.of.items():
        at = (*_RESPONSE_TIME, "of", kind)
        if kind not in RESPONSE_CHECKS:
            yield Contradiction(at, f"{kind} has no response time{nearest(kind, RESPONSE_CHECKS)}")
        elif check not in RESPONSE_CHECKS[kind]:
            yield Contradiction(at, f"{kind} has no check {check}{nearest(check, RESPONSE_CHECKS[kind])}")


def _end_to_end(target: ResponseTime) -> Iterator[Contradiction]:
    if target.of.get("vllm") == "end_to_end" and target.below < VLLM_LOWEST_END_TO_END:
        text = (
            f"vLLM's end-to-end histogram starts at {prometheus_duration(VLLM_LOWEST_END_TO_END)}, so"
            f" {prometheus_duration(target.below)} cannot be judged; use inter_token here, or a `below` of at least"
            f" {prometheus_duration(VLLM_LOWEST_END_TO_END)}"
        )
        yield Contradiction((*_RESPONSE_TIME, "of", "vllm"), text, ((*_RESPONSE_TIME, "below"),))


def _cut_before(cluster: Cluster, target: ResponseTime) -> Iterator[Contradiction]:
    """A request is given up before it could be seen to be slower than the target. Told of the first such service."""
    for name, service in cluster.services.items():
        if target.of.get(service.kind) not in service.checks or interval(cluster, name) < SHORTEST_INTERVAL:
            continue
        if isinstance(service, Rag) and service.within is not None:
            continue  # judged by that
        timeout = request_timeout(cluster, name)
        if target.below > timeout:
            text = (
                f"{prometheus_duration(target.below)} cannot be told of {name}: its requests are given up after"
                f" {prometheus_duration(timeout)}; lower this, or raise services.{name}.timeout (and every)"
            )
            because = (("services", name), ("monitoring", "scrape_interval"), (*_RESPONSE_TIME, "of"))
            yield Contradiction((*_RESPONSE_TIME, "below"), text, because)
            return


def _unresolvable(cluster: Cluster) -> Iterator[Contradiction]:
    """An objective that a single lost probe of its whole window would miss. Told of the service with the fewest."""
    probed = [name for name, service in cluster.services.items() if isinstance(service, PROBED)]
    if (target := cluster.targets.availability) is None or not probed:
        return
    count = {name: _probes(cluster, name, target.window) for name in probed}
    name = min(probed, key=lambda name: count[name])
    if (1 - target.objective) * count[name] < 1 - _ROUNDING:
        every, from_ = prometheus_duration(interval(cluster, name)), len(vantages(cluster, name))
        text = (
            f"{target.objective:.10g} cannot be told of {name}: of its {count[name]} probes in"
            f" {prometheus_duration(target.window)} (every {every} from {from_} node{'s' * (from_ > 1)}) not one could"
            f" be lost; {_most(count[name])}"
        )
        at: Path_ = ("targets", "availability")
        because = (("services", name), ("nodes",), ("monitoring", "scrape_interval"), (*at, "window"))
        yield Contradiction((*at, "objective"), text, because)


def _probes(cluster: Cluster, service: str, window: float) -> int:
    return math.floor(window / interval(cluster, service)) * len(vantages(cluster, service))


def _most(probes: int) -> str:
    """The tightest objective that this many probes can tell, rounded to what people write."""
    if probes <= 1:
        return "a longer window is needed"
    digits = math.ceil(math.log10(probes))
    most = math.floor((1 - 1 / probes) * 10**digits) / 10**digits
    return f"at most {most:.10g} over this window"
