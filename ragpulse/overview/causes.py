"""Why is a target missed? What the service needs and is known to be broken, the deepest first; else what is wrong with
the service itself; else what was until a moment ago; else an alert about any of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ragpulse.dependencies import Component as Needed
from ragpulse.dependencies import Dependencies
from ragpulse.dependencies import service as service_called
from ragpulse.inventory import Cluster
from ragpulse.overview.facts import Alert, Component, ComponentState, Verdict
from ragpulse.units import human_duration

_BROKEN: tuple[ComponentState, ...] = ("down", "degraded")  # the first explains more
_REMEMBERED = 600.0  # seconds
# Alerts that say no more than that a target is missed, or that make nothing slow and nothing fail.
_NO_CAUSE = ("BelowTarget", "AboveTarget", "ErrorBudgetBurning", "NodeClock")


def with_causes(
    cluster: Cluster, verdicts: Sequence[Verdict], components: Sequence[Component], alerts: Sequence[Alert], now: float
) -> tuple[Verdict, ...]:
    """The same verdicts; each that is missed says what is known to have caused it, or that nothing is."""
    graph, found = Dependencies(cluster), {_called(component): component for component in components}
    return tuple(
        replace(verdict, cause=_cause(graph, verdict.service, found, alerts, now))
        if verdict.state == "missed"
        else verdict
        for verdict in verdicts
    )


def _cause(
    graph: Dependencies, service: str, found: dict[Needed, Component], alerts: Sequence[Alert], now: float
) -> str:
    itself = service_called(service)
    beneath = graph.causes_of(itself)
    chain = [found[each] for each in (*beneath, itself) if each in found]
    for state in _BROKEN:
        for component in chain:
            if component.state == state:
                return f"{component.name} is {state}: {component.reason.partition('; ')[0]}"
    if (past := _just_ended(chain, now)) is not None:
        return past
    if (alert := _told(alerts, {service, *(each.name for each in beneath)})) is not None:
        return f"{alert.name}: {alert.summary}"
    return "nothing that it needs is known to be broken"


def _just_ended(chain: Sequence[Component], now: float) -> str | None:
    """A fault that is over still burdens the windows that a verdict looks at."""
    for component in chain:
        for stretch in reversed(component.timeline):
            if stretch.state in _BROKEN and stretch.end >= now - _REMEMBERED:
                return f"{component.name} was {stretch.state} until {human_duration(now - stretch.end)} ago"
    return None


def _told(alerts: Iterable[Alert], names: set[str]) -> Alert | None:
    """One that fires and can be the cause; those that page come first."""
    telling = [
        alert
        for alert in alerts
        if alert.state == "firing" and alert.component in names and not any(word in alert.name for word in _NO_CAUSE)
    ]
    return min(telling, key=lambda alert: (alert.severity != "page", alert.since or 0.0), default=None)


def _called(component: Component) -> Needed:
    """The kind of a component on the page says more than which of the three it is."""
    if component.kind == "node":
        return Needed("node", component.name)
    return Needed("backup" if component.kind.endswith(" backup") else "service", component.name)
