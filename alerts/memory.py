"""Memory services: is what is written there kept, is what they say of themselves of now, and do they take our key?

Where readiness fails for a refused key or an old time, that is told here and `ServiceNotReady` is silent: it is not the
service that must be mended. What a round trip finds is told only while the service is ready, and was while the trips
were made; else that is.
"""

from collections.abc import Iterator

from alerts.rule import Alert, Group, Severity
from alerts.service_alert import service_alert
from ragpulse.catalogue.memory import LEFTOVERS, LOST, READ_BACK, STALE, WRITE
from ragpulse.catalogue.service import FAILURES, READY, REASONS, REQUESTS
from ragpulse.inventory import Cluster
from ragpulse.objectives import readiness_check
from ragpulse.promql import average, increase, instant
from ragpulse.recorded import short_window
from ragpulse.services import Memory
from ragpulse.vantage import vantages

_TOLD_BY_REASON = {"auth": "MemoryKeyRefused", STALE: "MemoryStale"}
_WHAT = {"auth": "does not take our key ({checks}).", STALE: "tells a time that is not of now ({checks})."}
_MEANING = {
    "auth": "It answers with 401 or 403: it lives, and our credentials are not its own. While its readiness check is"
    " refused, whether it can do its work is not known.",
    STALE: "Its answer is good, but for the time in it: something answers in its place with what it said earlier, or a"
    " clock is wrong.",
}

_HOLD_INTERVALS = 3
_MOST = 0.5  # of the requests of a window; one refused while a key is changed is no fault
# Windows in trips: the last one and nothing before the one before it; the last two and perhaps a third.
_LAST, _LAST_TWO = 1.5, 2.5
_BOTH = 1.5  # of two; what `increase` makes of them is a little off
_MOSTLY_READY = 0.8  # of the window; to fail two trips an outage must last from the one to the other, two fifths of it


def told_by_reason(name: str, service: Memory, window: float) -> str:
    """Something while readiness fails for a reason that has an alert of its own, else nothing."""
    return _seen_everywhere(name, window, readiness_check(service), tuple(_TOLD_BY_REASON))


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(
        alert for name, memory in cluster.of_kind(Memory).items() for alert in _alerts(cluster, name, memory)
    )
    return [Group("memory", alerts)] if alerts else []


def _alerts(cluster: Cluster, name: str, memory: Memory) -> Iterator[Alert]:
    checks = {"health": memory.health, "ready": memory.ready, "search": memory.search}
    made = {check: asked for check, asked in checks.items() if asked is not None}
    dated = tuple(check for check, asked in made.items() if asked.fresh is not None)
    yield from _by_reason(cluster, name, memory, "auth", tuple(made))
    yield from _by_reason(cluster, name, memory, STALE, dated)
    if memory.roundtrip.enabled:
        yield from _of_trips(cluster, name, memory.roundtrip.every)


def _by_reason(cluster: Cluster, name: str, memory: Memory, reason: str, checks: tuple[str, ...]) -> Iterator[Alert]:
    """A page where nothing tells any more whether it works, else a ticket."""
    judged, window = readiness_check(memory), short_window(cluster)
    others = tuple(check for check in checks if check != judged)
    if judged in checks:
        condition = f"{_is_ready(name, 0)} and {_seen_everywhere(name, window, judged, (reason,))}"
        yield _alert_by_reason(cluster, name, reason=reason, severity="page", condition=condition, checks=(judged,))
    if others:
        condition = _mostly(name, window, others, reason)
        yield _alert_by_reason(cluster, name, reason=reason, severity="ticket", condition=condition, checks=others)


def _alert_by_reason(
    cluster: Cluster, name: str, *, reason: str, severity: Severity, condition: str, checks: tuple[str, ...]
) -> Alert:
    return service_alert(
        cluster,
        name,
        name=_TOLD_BY_REASON[reason],
        condition=condition,
        hold=_HOLD_INTERVALS * cluster.monitoring.scrape_interval,
        severity=severity,
        what=_WHAT[reason].format(checks=" and ".join(checks)),
        meaning=f"{_MEANING[reason]} Seen from {', '.join(vantages(cluster, name))}.",
    )


def _is_ready(name: str, is_so: int) -> str:
    return f"max by (service) ({instant(READY, service=name)}) == {is_so}"


def _seen_everywhere(name: str, window: float, check: str, reasons: tuple[str, ...]) -> str:
    """Lately, by each node that probes: a single one may have a key or a clock of its own."""
    failed = increase(FAILURES, window, service=name, check=check, reason=reasons)
    return f"min by (service) (sum by (service, node) ({failed})) > 0"


def _mostly(name: str, window: float, checks: tuple[str, ...], reason: str) -> str:
    """Of at least one of the checks, most requests of each node that makes them."""
    failed = increase(FAILURES, window, service=name, check=checks, reason=reason)
    asked = increase(REQUESTS, window, service=name, check=checks)
    by = "sum by (service, check, node)"
    return f"max by (service) (min by (service, check) ({by} ({failed}) / {by} ({asked}))) > {_MOST}"


def _of_trips(cluster: Cluster, name: str, every: float) -> Iterator[Alert]:
    lost = increase(FAILURES, _LAST * every, service=name, check=READ_BACK, reason=LOST)
    yield service_alert(
        cluster,
        name,
        name="MemoryWriteLost",
        condition=f"sum by (service) ({lost}) > 0",
        hold=0,
        severity="page",
        what="accepted a memory that could not be read afterwards.",
        meaning="A round trip wrote it, the service answered that it is kept, and under its id there was nothing, or"
        " another text, for as long as `readable_within`. What users write may be lost likewise.",
    )
    window = _LAST_TWO * every
    failed = increase(FAILURES, window, service=name, check=(WRITE, READ_BACK), reason=REASONS)
    mostly_ready = f"max by (service) ({average(READY, window, service=name)}) > {_MOSTLY_READY}"
    yield service_alert(
        cluster,
        name,
        name="MemoryRoundTripFailed",
        condition=f"sum by (service) ({failed}) > {_BOTH} and {mostly_ready} and {_is_ready(name, 1)}",
        hold=0,
        severity="page",
        what="is ready, but a memory cannot be written and read back.",
        meaning="Two of the last round trips failed. A full disk, a database that only reads, or a key that may only"
        " read stop writers, and no readiness page shows that.",
    )
    yield service_alert(
        cluster,
        name,
        name="MemoryLeftovers",
        condition=f"max by (service) ({instant(LEFTOVERS, service=name)}) > 0",
        hold=_LAST * every,
        severity="ticket",
        what="does not delete what our round trips wrote: {{ $value }} left.",
        meaning="Round trips delete what they wrote, and try again at the next trip. Users may find these among theirs,"
        " and each trip adds one.",
    )
