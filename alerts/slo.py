"""From an objective to its recorded series and its ticket: the same shape for every target.

Each target is a ratio of two sums over a window: good / total. It is recorded over a short and a long window; `met` is
0 while both miss the objective, so a verdict turns soon after a fault begins and soon after it ends. A ticket looks at
the long window alone, so that a fault that comes and goes adds up, and holds for longer than one short fault stays in
it. Where nothing happened there is no value: absent, never NaN, never 0. What happened while work on the service was
announced is neither good nor bad, in verdict, ticket and error budget alike: it is not recorded.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from alerts import timing
from alerts.rule import Alert, Group, Record
from alerts.service_alert import told_lately
from ragpulse import recorded
from ragpulse.catalogue.maintenance import MAINTENANCE
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective, Slo, objectives
from ragpulse.promql import highest, series
from ragpulse.vantage import home


@dataclass(frozen=True, slots=True)
class Events:
    """Two expressions without labels: what was good, and all there was to judge, per second."""

    good: str
    total: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """alert: its name. attained: what the value says, a template with `$value`. meaning: what it is like for users."""

    alert: str
    attained: str
    meaning: str


def groups(
    cluster: Cluster,
    slo: Slo,
    events: Callable[[Cluster, Objective, float], Events],
    ticket: Ticket,
    explained: Callable[[Cluster, Objective], str] = lambda _, __: "",
) -> list[Group]:
    """`events` gives the expressions for one objective over one window in seconds, `explained` one that is there while
    something else is the cause of a miss, and told: the verdict stays, the ticket is not written.
    """
    rules = tuple(
        rule
        for objective in objectives(cluster)
        if objective.slo == slo
        for rule in _rules(cluster, objective, events, ticket, explained(cluster, objective))
    )
    return [Group(slo, rules)] if rules else []


def _rules(
    cluster: Cluster,
    objective: Objective,
    events: Callable[[Cluster, Objective, float], Events],
    ticket: Ticket,
    explained: str,
) -> Iterator[Record | Alert]:
    yield from records(cluster, objective, events)
    if not objective.unmeasured:
        yield _ticket(cluster, objective, ticket, explained)


def records(
    cluster: Cluster, objective: Objective, events: Callable[[Cluster, Objective, float], Events]
) -> Iterator[Record]:
    yield Record(recorded.SLO_OBJECTIVE, f"vector({objective.value:.10g})", objective.labels)
    if objective.unmeasured:
        return
    short, long = recorded.short_window(cluster), recorded.long_window(cluster)
    for window in (short, long):
        found = events(cluster, objective, window)
        good, total = recorded.slo_good(window), recorded.slo_total(window)
        yield Record(good, unless_announced(found.good, objective, window), objective.labels)
        yield Record(total, unless_announced(found.total, objective, window), objective.labels)
        ratio = f"{series(good, **objective.labels)} / ({series(total, **objective.labels)} > 0)"
        yield Record(recorded.slo_value(window), ratio, objective.labels)
    both_miss = f"({_misses(objective, short)}) * ({_misses(objective, long)})"
    yield Record(recorded.slo_met(cluster), f"1 - {both_miss}", objective.labels)


def _ticket(cluster: Cluster, objective: Objective, ticket: Ticket, explained: str) -> Alert:
    short, long = recorded.short_window(cluster), recorded.long_window(cluster)
    told = told_lately(cluster, objective.service, timing.settling(cluster, long))
    told += f" or {explained}" if explained else ""
    attained = series(recorded.slo_value(long), **objective.labels)
    return Alert(
        ticket.alert,
        f"{attained} < {objective.value:.10g} unless on () ({told})",
        # What lasted for less than the short window has left the long one by then.
        hold=long + short,
        severity="ticket",
        component=objective.service,
        summary=f"{objective.service}: {ticket.attained}; target: {objective.text}.",
        description=f"{ticket.meaning} Measured: {_measured(objective)}.",
        labels={"service": objective.service, "node": home(cluster, objective.service)},
    )


def unless_announced(events: str, objective: Objective, window: float) -> str:
    """Events of a window in which no work on the service was announced."""
    return f"({events}) unless on () {highest(MAINTENANCE, window, service=objective.service)} == 1"


def _misses(objective: Objective, window: float) -> str:
    return f"{series(recorded.slo_value(window), **objective.labels)} < bool {objective.value:.10g}"


def _measured(objective: Objective) -> str:
    return f"{objective.measured}, {objective.note}" if objective.note else objective.measured
