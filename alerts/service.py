"""Services: does each one answer, and can it do its work? Silent while a node that it needs is known to be down.

And before it is too late: will its certificate still be good in two weeks?
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts import chroma_state, vllm
from alerts.memory import told_by_reason
from alerts.rule import Alert, Group, Severity
from alerts.service_alert import in_state, service_alert
from ragpulse.catalogue.chroma import STATE as CHROMA_STATE
from ragpulse.catalogue.service import CERTIFICATE_EXPIRES, READY, UP
from ragpulse.inventory import Cluster
from ragpulse.promql import instant
from ragpulse.recorded import short_window
from ragpulse.services import PROBED, WATCHED, AnyService, Chroma, Memory, Rag, Vllm
from ragpulse.vantage import home, interval, request_timeout, vantages

SERVICE_DOWN = "ServiceDown"
SERVICE_NOT_READY = "ServiceNotReady"

_HOLD_INTERVALS = 3  # longer than NodeDown takes, so that the root is known before its leaves
# A hung vLLM fails its canary before its state is known, which says more: seconds for that, then scrape and rules.
_STATE_KNOWN, _STATE_INTERVALS = 25.0, 2
_DAY = 86_400
# What renews by itself does so at least 20 days before the end (a third of 60 or 90 days): below 14 it has failed for
# a week, and somebody has time to look by day. Two days are what is left when nobody looked, a weekend too.
_TICKET_DAYS, _PAGE_DAYS = 14, 2


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(
        alert
        for name, service in cluster.services.items()
        if isinstance(service, WATCHED)
        for alert in (*_answers(cluster, name, service), *_certificate(cluster, name, service))
    )
    return [Group("service", alerts)] if alerts else []


def _answers(cluster: Cluster, name: str, service: AnyService) -> Iterator[Alert]:
    """Of what is probed; the others, and a path, have alerts that say more."""
    if isinstance(service, PROBED) and not isinstance(service, Rag):
        yield _down(cluster, name, service)
        yield _not_ready(cluster, name, service)


def _down(cluster: Cluster, name: str, service: AnyService) -> Alert:
    loading = f" unless on () {vllm.loads(cluster, name)}" if isinstance(service, Vllm) else ""
    return _alert(
        cluster,
        name,
        alert=SERVICE_DOWN,
        condition=f"max by (service) ({instant(UP, service=name)}) == 0{loading}",
        what="does not answer.",
        meaning="No probe of it is answered: the process has stopped, hangs, or cannot be reached.",
    )


def _not_ready(cluster: Cluster, name: str, service: AnyService) -> Alert:
    told, meaning, at_least = "", "what it depends on, its data, or our credentials.", 0.0
    step = cluster.monitoring.scrape_interval
    if isinstance(service, Vllm):
        told = f" unless on () {vllm.is_in(name, *vllm.TOLD_BY_STATE)}"
        meaning = "its model, our key, or the tokens that a canary asks for."
        at_least = _STATE_KNOWN + _STATE_INTERVALS * step
    elif isinstance(service, Memory):
        told = f" unless on () {told_by_reason(name, service, short_window(cluster))}"
        meaning = "what it depends on, or its data."
    elif isinstance(service, Chroma):
        told = f" unless on () {in_state(CHROMA_STATE, name, *chroma_state.TOLD_BY_STATE)}"
        # Its state is looked at as often as it is probed, by two requests.
        at_least = interval(cluster, name) + 2 * request_timeout(cluster, name) + step
    return _alert(
        cluster,
        name,
        alert=SERVICE_NOT_READY,
        condition=f"max by (service) ({instant(READY, service=name)}) == 0"
        f" and max by (service) ({instant(UP, service=name)}) == 1{told}",
        what="answers but cannot do its work.",
        meaning=f"The process lives, yet its readiness check fails: {meaning}",
        at_least=at_least,
    )


def _certificate(cluster: Cluster, name: str, service: AnyService) -> Iterator[Alert]:
    """Not of a service without TLS, or a path. One that shows no certificate is down, and that is told."""
    if isinstance(service, Rag) or not isinstance(service, WATCHED) or urlsplit(service.url).scheme != "https":
        return
    left = f"min by (service) ({instant(CERTIFICATE_EXPIRES, service=name)}) - time()"
    soon, now = f"{left} < {_TICKET_DAYS * _DAY}", f"{left} < {_PAGE_DAYS * _DAY}"
    yield _expiry_alert(cluster, name, "ticket", f"{soon} unless {now}")
    yield _expiry_alert(cluster, name, "page", now)


def _expiry_alert(cluster: Cluster, name: str, severity: Severity, condition: str) -> Alert:
    where = home(cluster, name)
    return Alert(
        "CertificateExpires",
        condition,
        hold=_HOLD_INTERVALS * cluster.monitoring.scrape_interval,
        severity=severity,
        component=name,
        summary=f"{name} on {where}: its certificate is good for {{{{ $value | humanizeDuration }}}}.",
        description="Then no client trusts it any more, and its probes fail with the reason tls. Less than nothing: it"
        f" has ended. Seen from {', '.join(vantages(cluster, name))}.",
        labels={"service": name, "node": where},
    )


def _alert(
    cluster: Cluster, service: str, *, alert: str, condition: str, what: str, meaning: str, at_least: float = 0
) -> Alert:
    return service_alert(
        cluster,
        service,
        name=alert,
        condition=condition,
        hold=max(_HOLD_INTERVALS * cluster.monitoring.scrape_interval, at_least),
        severity="page",
        what=what,
        meaning=f"{meaning} Probed from {', '.join(vantages(cluster, service))}.",
    )
