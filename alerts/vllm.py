"""vLLM: does it do its work, or does it only answer? One state, one page.

Its state says more than readiness, which fails too: whatever is told here, `ServiceNotReady` does not tell again.
"""

from collections.abc import Iterator

from alerts.rule import Alert, Group
from alerts.service_alert import in_state, service_alert
from ragpulse.catalogue.service import UP
from ragpulse.catalogue.vllm import STATE
from ragpulse.inventory import Cluster
from ragpulse.promql import highest, instant
from ragpulse.recorded import short_window
from ragpulse.services import Vllm

VLLM_STALLED = "VllmStalled"
VLLM_REFUSING = "VllmRefusing"
VLLM_LOADING_TOO_LONG = "VllmLoadingTooLong"
# What has an alert of its own, so that readiness need not tell it.
TOLD_BY_STATE = ("stalled", "refusing", "loading")

# With the 15 s that a stall takes to be seen, longer than NodeDown takes.
_STALLED_INTERVALS = 2
_LEAF_INTERVALS = 3
_LOADING = 900.0


def is_in(service: str, *states: str) -> str:
    return in_state(STATE, service, *states)


def loads(cluster: Cluster, service: str) -> str:
    """A process of it was seen to load in the last moments: one that crashes and comes again is gone now and then."""
    return f"max by (service) ({highest(STATE, short_window(cluster), service=service, state='loading')} == 1)"


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(alert for name in cluster.of_kind(Vllm) for alert in _alerts(cluster, name))
    return [Group("vllm", alerts)] if alerts else []


def _alerts(cluster: Cluster, service: str) -> Iterator[Alert]:
    step = cluster.monitoring.scrape_interval
    yield service_alert(
        cluster,
        service,
        name=VLLM_STALLED,
        condition=is_in(service, "stalled"),
        hold=_STALLED_INTERVALS * step,
        severity="page",
        what=f"has stalled: it answers, and no token comes.{_engine(cluster, service)}",
        meaning="There are requests, and neither tokens nor steps move; its health page may well say that all is fine."
        " Users wait for nothing.",
    )
    yield service_alert(
        cluster,
        service,
        name=VLLM_REFUSING,
        condition=is_in(service, "refusing"),
        hold=_LEAF_INTERVALS * step,
        severity="page",
        what="answers with errors: it refuses to work.",
        meaning="Its health page, or each completion that we ask for, is answered with an error of the server, or with"
        " an error inside a stream that began with 200.",
    )
    yield service_alert(
        cluster,
        service,
        name=VLLM_LOADING_TOO_LONG,
        condition=f"{loads(cluster, service)} unless on () max({instant(UP, service=service)}) == 1",
        hold=_LOADING,
        severity="page",
        what="has been loading for more than 15 minutes and serves nobody.",
        meaning="Its process runs, or starts again and again, and its port stays shut. While it loads, nothing else is"
        " told of it.",
    )


def _engine(cluster: Cluster, service: str) -> str:
    nodes = cluster.services[service].nodes
    return f" One engine over {', '.join(nodes)}: any of them may be the cause." if len(nodes) > 1 else ""
