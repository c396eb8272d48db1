"""vLLM: do we still see of it what we saw before? Nobody suffers, but a target may no longer be judged."""

from collections.abc import Iterator

from alerts.rule import Alert, Group
from alerts.service_alert import service_alert
from ragpulse.catalogue.vllm import INFO, METRIC_OFFERED, STATS_DISABLED
from ragpulse.catalogue.vllm_canary import ENABLED
from ragpulse.inventory import Cluster
from ragpulse.promql import earlier, instant
from ragpulse.recorded import long_window
from ragpulse.services import Vllm

_LEAF_INTERVALS = 3
_HOUR = 3600.0


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(alert for name, vllm in cluster.of_kind(Vllm).items() for alert in _alerts(cluster, name, vllm))
    return [Group("vllm_sight", alerts)] if alerts else []


def _alerts(cluster: Cluster, service: str, vllm: Vllm) -> Iterator[Alert]:
    hold = _LEAF_INTERVALS * cluster.monitoring.scrape_interval
    disabled = f"max by (service) ({instant(STATS_DISABLED, service=service)}) == 1"
    # A Ray node's page leaves out what has not moved for a while: nothing follows from a metric that is not there.
    if vllm.metrics_url is None:
        yield _vanished(cluster, service, disabled)
    yield service_alert(
        cluster,
        service,
        name="VllmStatsDisabled",
        condition=disabled,
        hold=hold,
        severity="info",
        what="says nothing of itself: it runs with --disable-log-stats.",
        meaning="Tokens, queue and cache are unknown. Whether it works, and how fast, our canaries alone tell.",
    )
    yield service_alert(
        cluster,
        service,
        name="VllmCanaryOff",
        condition=f"min by (service) ({instant(ENABLED, service=service)}) == 0",
        hold=hold,
        severity="info",
        what="gets no canaries from a node that should send them: it asks for a key, and none is given.",
        meaning="A hung engine is then known only by its own numbers, and availability is judged by pages that answer"
        " without it. The key `api_key_file` of the service mends it.",
    )


def _vanished(cluster: Cluster, service: str, disabled: str) -> Alert:
    """A server that has only just been started offers some of its metrics after its first request."""
    gone = f"{instant(METRIC_OFFERED, service=service)} == 0"
    was_there = f"{earlier(METRIC_OFFERED, _HOUR, service=service)} == 1"
    before = earlier(INFO, _HOUR, service=service)
    another_version = f"({instant(INFO, service=service)} unless on (version) {before})"
    return service_alert(
        cluster,
        service,
        name="VllmMetricVanished",
        condition=f"({gone} and {was_there}) unless on () {another_version} unless on () {disabled}",
        hold=long_window(cluster),
        severity="ticket",
        what="no longer offers {{ $labels.metric }}, and its version is the same.",
        meaning="What rests on this metric is not judged any more. An option of the server was changed, or its page has"
        " outgrown what is read of it.",
    )
