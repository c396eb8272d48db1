"""Does what alerts say reach those who are to hear it? Alertmanager and the adapter count what they could not tell.

A receiver of pages is a page: whoever else hears of pages must know that one of them does not. A receiver of tickets
alone is a ticket. Alertmanager counts by the kind of a receiver: one kind for both is judged as a page. The adapter
counts by name.
"""

from collections.abc import Iterator

from alerts.rule import Alert, Group, Severity
from ragpulse.catalogue.relay import MESSAGES, QUEUE
from ragpulse.foreign import NOTIFICATIONS_FAILED
from ragpulse.inventory import Cluster
from ragpulse.promql import RELAY_JOB, increase, instant, series, series_increase
from ragpulse.relayed import HEARTBEAT, relayed
from ragpulse.units import human_duration

NOTIFICATIONS_FAILING = "NotificationsFailing"

_LEAF_INTERVALS = 3
_WINDOW_INTERVALS = 60  # Alertmanager itself tries for six; what failed is told for this long
_STUCK_INTERVALS = 30


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(_alerts(cluster))
    return [Group("notifications", alerts)] if alerts else []


def _alerts(cluster: Cluster) -> Iterator[Alert]:
    through_adapter = relayed(cluster)
    for severity, names in _by_severity(cluster).items():
        if given_up := tuple(name for name in names if name in through_adapter):
            yield _given_up(cluster, severity, given_up)
            yield _stuck(cluster, severity, given_up)
    for severity, kinds in _kinds(cluster).items():
        yield _refused(cluster, severity, kinds)
    if through_adapter:
        yield _down(cluster)


def _by_severity(cluster: Cluster) -> dict[Severity, tuple[str, ...]]:
    """Receivers that anything goes to. A heartbeat that does not arrive makes the service outside call."""
    notify = cluster.notify
    heartbeat = (HEARTBEAT,) if notify.heartbeat is not None else ()
    tickets = tuple(name for name in dict.fromkeys((*notify.ticket, *heartbeat)) if name not in notify.page)
    return {"page": tuple(dict.fromkeys(notify.page)), "ticket": tickets}


def _kinds(cluster: Cluster) -> dict[Severity, tuple[str, ...]]:
    """As Alertmanager calls them; what goes through the adapter is a webhook to it."""
    through_adapter, found = relayed(cluster), dict[Severity, tuple[str, ...]]()
    for severity, names in _by_severity(cluster).items():
        kinds = {
            "webhook" if name in through_adapter or name == HEARTBEAT else cluster.notify.receivers[name].kind
            for name in names
        }
        if new := tuple(sorted(kinds - {kind for known in found.values() for kind in known})):
            found[severity] = new
    return found


def _given_up(cluster: Cluster, severity: Severity, names: tuple[str, ...]) -> Alert:
    lost = increase(MESSAGES, _window(cluster), receiver=names, result="dead_letter")
    return Alert(
        NOTIFICATIONS_FAILING,
        f"sum by (receiver) ({lost}) > 0",
        hold=0,
        severity=severity,
        component="monitoring",
        summary=f"{{{{ $labels.receiver }}}}: notifications given up in {human_duration(_window(cluster))}:"
        ' {{ printf "%.0f" $value }}.',
        description="Whoever was to hear of them does not know. They lie in the adapter's file of dead letters.",
    )


def _stuck(cluster: Cluster, severity: Severity, names: tuple[str, ...]) -> Alert:
    hold = _STUCK_INTERVALS * cluster.monitoring.scrape_interval
    return Alert(
        NOTIFICATIONS_FAILING,
        f"max by (receiver) ({instant(QUEUE, receiver=names)}) > 0",
        hold=hold,
        severity=severity,
        component="monitoring",
        summary=f"{{{{ $labels.receiver }}}}: notifications wait for {human_duration(hold)}, {{{{ $value }}}} now.",
        description="The adapter cannot tell them and tries again, for an hour each.",
        # Or it could not be told from the alert about those that were given up.
        labels={"state": "waiting"},
    )


def _refused(cluster: Cluster, severity: Severity, kinds: tuple[str, ...]) -> Alert:
    failed = series_increase(NOTIFICATIONS_FAILED, _window(cluster), integration=kinds)
    return Alert(
        NOTIFICATIONS_FAILING,
        f"sum by (node, integration) ({failed}) > 0",
        hold=0,
        severity=severity,
        component="monitoring",
        summary="{{ $labels.integration }}: notifications that Alertmanager on {{ $labels.node }} gave up"
        f' in {human_duration(_window(cluster))}: {{{{ printf "%.0f" $value }}}}.',
        description="It had tried again for as long as it does. Its log says why.",
    )


def _down(cluster: Cluster) -> Alert:
    """A page, whoever it is for: Alertmanager gives up after a minute, and nothing is kept of what it gave up."""
    return Alert(
        NOTIFICATIONS_FAILING,
        f"{series('up', job=RELAY_JOB)} == 0",
        hold=_LEAF_INTERVALS * cluster.monitoring.scrape_interval,
        severity="page" if set(relayed(cluster)) & set(cluster.notify.page) else "ticket",
        component="monitoring",
        summary="The adapter of notifications at {{ $labels.instance }} does not answer.",
        description=f"Nobody of {', '.join(relayed(cluster))} is told anything. In a pair, look at both nodes.",
    )


def _window(cluster: Cluster) -> float:
    return _WINDOW_INTERVALS * cluster.monitoring.scrape_interval
