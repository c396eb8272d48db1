"""vLLM: do users, or our own canaries, get errors now and then, though it is up and ready most of the time?

Judged over both windows and only from a few errors on: one lost request is no fault, and one that is over is told no
more. What fails always has another page, which holds this one back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alerts.rule import Alert, Group
from alerts.service import SERVICE_DOWN, SERVICE_NOT_READY
from alerts.service_alert import service_alert
from alerts.vllm import VLLM_LOADING_TOO_LONG, VLLM_REFUSING, VLLM_STALLED, loads
from ragpulse.catalogue.service import FAILURES, REASONS, REQUESTS
from ragpulse.catalogue.vllm import HTTP_REQUESTS
from ragpulse.catalogue.vllm_canary import CANARY_REASONS, CHECK
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.promql import Matcher, firing, increase, rate
from ragpulse.recorded import long_window, short_window
from ragpulse.services import Vllm

_SHARE = 0.1
_FEW = 4.5
_WORK = ("/v1/completions", "/v1/chat/completions", "/v1/responses", "/v1/embeddings")
# A full engine is slow and makes no error.
_ERRORS = tuple(reason for reason in (*REASONS, *CANARY_REASONS) if reason != "saturated")
_TOLD = (SERVICE_DOWN, SERVICE_NOT_READY, VLLM_STALLED, VLLM_REFUSING, VLLM_LOADING_TOO_LONG)


@dataclass(frozen=True, slots=True)
class _Counted:
    metric: Metric
    labels: Mapping[str, Matcher]

    def rate(self, window: float) -> str:
        return f"sum({rate(self.metric, window, **self.labels)})"

    def increase(self, window: float) -> str:
        return f"sum({increase(self.metric, window, **self.labels)})"


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(alert for name, vllm in cluster.of_kind(Vllm).items() for alert in _alerts(cluster, name, vllm))
    return [Group("vllm_errors", alerts)] if alerts else []


def _alerts(cluster: Cluster, service: str, vllm: Vllm) -> Iterator[Alert]:
    work: dict[str, Matcher] = {"service": service, "handler": _WORK}
    yield _alert(
        cluster,
        service,
        "users",
        _Counted(HTTP_REQUESTS, {**work, "status": "5xx"}),
        _Counted(HTTP_REQUESTS, work),
    )
    if vllm.canary.enabled:
        asked: dict[str, Matcher] = {"service": service, "check": CHECK}
        yield _alert(
            cluster,
            service,
            "canaries",
            _Counted(FAILURES, {**asked, "reason": _ERRORS}),
            _Counted(REQUESTS, asked),
        )


def _alert(cluster: Cluster, service: str, whose: str, bad: _Counted, total: _Counted) -> Alert:
    short, long = short_window(cluster), long_window(cluster)
    share = f"{bad.rate(long)} / {total.rate(long)} > {_SHARE}"
    still = f"{bad.rate(short)} / {total.rate(short)} > {_SHARE}"
    told = f"({firing(_TOLD, service=service)} or {loads(cluster, service)})"
    return service_alert(
        cluster,
        service,
        name="VllmErrorRate",
        condition=f"{share} and {still} and {bad.increase(long)} > {_FEW} unless on () {told}",
        # What a fault that has its own page leaves in the short window is gone by then.
        hold=short,
        severity="page",
        what=f"answers {{{{ $value | humanizePercentage }}}} of the requests of {whose} with an error.",
        meaning="It works for some and fails others: a full queue that refuses, an engine that fails now and then, or"
        " one of several servers behind one address.",
        labels={"whose": whose},
    )
