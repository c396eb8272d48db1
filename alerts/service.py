"""Services: does each one answer, and can it do its work? Silent while a node that it needs is known to be down.

And before it is too late: will its certificate still be good in two weeks?
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts.node import NODE_DOWN
from alerts.rule import Alert, Group, Severity
from ragpulse.catalogue import vllm
from ragpulse.catalogue.service import CERTIFICATE_EXPIRES, READY, UP
from ragpulse.inventory import Cluster
from ragpulse.promql import firing, instant
from ragpulse.services import WATCHED, AnyService, Ray, Vllm
from ragpulse.vantage import home, vantages

_HOLD_INTERVALS = 3  # longer than NodeDown takes, so that the root is known before its leaves
_DAY = 86_400
# What renews by itself does so at least 20 days before the end (a third of 60 or 90 days): below 14 it has failed for
# a week, and somebody has time to look by day. Two days are what is left when nobody looked, a weekend too.
_TICKET_DAYS, _PAGE_DAYS = 14, 2


def needed_nodes(cluster: Cluster, service: str) -> tuple[str, ...]:
    """The nodes without which a service cannot work: its home; one vLLM engine, and Ray, span all of their nodes."""
    entry = cluster.services[service]
    return entry.nodes if isinstance(entry, Vllm | Ray) else (home(cluster, service),)


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(
        alert
        for name, service in cluster.services.items()
        if isinstance(service, WATCHED)
        for alert in (_down(cluster, name), _not_ready(cluster, name, service), *_certificate(cluster, name, service))
    )
    return [Group("service", alerts)] if alerts else []


def _down(cluster: Cluster, name: str) -> Alert:
    return _alert(
        cluster,
        name,
        alert="ServiceDown",
        condition=f"max by (service) ({instant(UP, service=name)}) == 0",
        what="does not answer",
        meaning="No probe of it is answered: the process has stopped, hangs, or cannot be reached.",
    )


def _not_ready(cluster: Cluster, name: str, service: AnyService) -> Alert:
    up = f"max by (service) ({instant(UP, service=name)}) == 1"
    unready = f"max by (service) ({instant(READY, service=name)}) == 0"
    meaning = "The process lives, yet its readiness check fails: what it depends on, its data, or our credentials."
    if isinstance(service, Vllm):
        stalled = f"max by (service) ({instant(vllm.STATE, service=name, state='stalled')} == 1)"
        unready = f"({unready} or {stalled})"
        meaning = (
            "The process lives, yet its readiness check fails (its model, or our key), or its engine has stalled:"
            " requests run and no token comes."
        )
    return _alert(
        cluster,
        name,
        alert="ServiceNotReady",
        condition=f"{unready} and {up}",
        what="answers but cannot do its work",
        meaning=meaning,
    )


def _certificate(cluster: Cluster, name: str, service: AnyService) -> Iterator[Alert]:
    """Not of a service without TLS. One that shows no certificate is down, and that is told."""
    if not isinstance(service, WATCHED) or urlsplit(service.url).scheme != "https":
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


def _alert(cluster: Cluster, service: str, *, alert: str, condition: str, what: str, meaning: str) -> Alert:
    gate = firing(NODE_DOWN, node=needed_nodes(cluster, service))
    where = home(cluster, service)
    return Alert(
        alert,
        f"{condition} unless on () {gate}",
        hold=_HOLD_INTERVALS * cluster.monitoring.scrape_interval,
        severity="page",
        component=service,
        summary=f"{service} on {where} {what}.",
        description=f"{meaning} Probed from {', '.join(vantages(cluster, service))}.",
        labels={"service": service, "node": where},
    )
