"""vLLM under load: more demand than it can serve, or a KV cache that is too small for it. Nothing is broken: tickets.

One cause is one ticket. An engine that is slower than promised is told as that, not as a queue; a queue that never
empties is why the cache is full and requests are thrown out of it.
"""

from collections.abc import Iterator

from alerts.demand import demand_share, demanded
from alerts.rule import Alert, Group
from alerts.service_alert import service_alert
from ragpulse import recorded
from ragpulse.catalogue.vllm import KV_CACHE_USAGE, PREEMPTIONS
from ragpulse.inventory import Cluster
from ragpulse.objectives import objectives
from ragpulse.promql import firing, increase, lowest, series
from ragpulse.recorded import long_window, short_window
from ragpulse.services import Vllm
from ragpulse.units import human_duration

VLLM_SATURATED = "VllmSaturated"

# Once told it is over when requests wait for less than half of the time: a pause in between is no end.
_OVER = 0.5
NEARLY_FULL = 0.9
_FEW = 9.5


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(alert for name in cluster.of_kind(Vllm) for alert in _alerts(cluster, name))
    return [Group("vllm_demand", alerts)] if alerts else []


def _alerts(cluster: Cluster, service: str) -> Iterator[Alert]:
    short, long = short_window(cluster), long_window(cluster)
    saturated, share = demanded(service, long), demand_share(service, long)
    goes_on = f"{share} > {_OVER} and on () {firing(VLLM_SATURATED, service=service)}"
    # Longer than the long window takes to show a queue that never empties, so that one ticket is written and not three.
    hold = long + short
    yield service_alert(
        cluster,
        service,
        name=VLLM_SATURATED,
        condition=f"({saturated} or {goes_on}){_unless_slow(cluster, service)}",
        hold=hold,
        severity="ticket",
        what="has more demand than it can serve: requests waited for {{ $value | humanizePercentage }} of the time.",
        meaning="It works as fast as promised, and the queue does not empty: users wait for their first token. That is"
        " no outage. While this fires, late tokens, a full KV cache and preemptions are not told of.",
    )
    preempts = f"sum({increase(PREEMPTIONS, long, service=service)}) > {_FEW}"
    yield service_alert(
        cluster,
        service,
        name="VllmPreempting",
        condition=f"{preempts} unless on () {saturated}",
        hold=hold,
        severity="ticket",
        what=f'throws requests out of execution: {{{{ printf "%.0f" $value }}}} in {human_duration(long)}.',
        meaning="The KV cache is too small for what runs at once: requests that were begun are begun again, at the cost"
        " of all.",
    )
    yield service_alert(
        cluster,
        service,
        name="VllmKvCacheNearFull",
        condition=f"max by (service) ({lowest(KV_CACHE_USAGE, short, service=service)}) > {NEARLY_FULL}"
        f" unless on () {saturated} unless on () {preempts}",
        hold=hold,
        severity="ticket",
        what="has filled {{ $value | humanizePercentage }} of its KV cache for minutes.",
        meaning="Nobody waits yet. A little more demand, or longer contexts, and requests will.",
    )


def _unless_slow(cluster: Cluster, service: str) -> str:
    """Slower than its throughput target while requests wait: that is another ticket, and the cause of the queue."""
    return "".join(
        f" unless on () {series(recorded.slo_value(long_window(cluster)), **found.labels)} < {found.value:.10g}"
        for found in objectives(cluster)
        if found.service == service and found.slo == "throughput"
    )
