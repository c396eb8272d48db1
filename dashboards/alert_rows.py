"""Alerts on the board of objectives: what fires, what is noisy, and what never said anything."""

from collections.abc import Iterator

from dashboards import alert_queries as asked
from dashboards.panel import Folded, Panel, Row
from dashboards.panels import Column, Key, Limits, Line, table, trend
from ragpulse.inventory import Cluster

_HEIGHT = 8
_SECONDS, _COUNT = "s", "short"
_NAME = Key("alertname", "Alert")
# An alert that comes and goes more often than this is not believed any more.
_FLAPPING = Limits(warning=5, bad=20)


def rows(cluster: Cluster) -> Iterator[Row | Folded]:
    yield Row([_firing(), _over_time(), _how_many()], _HEIGHT, "Alerts")
    yield Folded("Alerts: noisy and silent ones", [Row([_noisy(cluster), _silent(cluster)], _HEIGHT)])


def _firing() -> Panel:
    return table(
        "Firing now",
        "Alerts that fire, and for how long their condition has held; the watchdog fires always and proves that rules"
        " are evaluated. The Overview page has value, expression and runbook of each.",
        [_NAME, Key("severity", "Severity"), Key("component", "About")],
        [Column(asked.firing()), Column(asked.firing_for(), "For", _SECONDS)],
        by="For",
        descending=True,
        without_data="Unknown: not even the watchdog fires",
    )


def _over_time() -> Panel:
    return trend(
        "Fired when",
        "Each alert is drawn while it fires. What begins together has one cause: look at the one that pages first.",
        [Line(asked.by_name(), "{{alertname}}")],
        _COUNT,
    )


def _how_many() -> Panel:
    return trend(
        "How many at once",
        "Alerts that fire and those that wait for their time to run out, by severity. Many waiting: something begins;"
        " look before it fires.",
        [
            Line(asked.counts("firing"), "{{severity}} firing"),
            Line(asked.counts("pending"), "{{severity}} waiting"),
        ],
        _COUNT,
    )


def _noisy(cluster: Cluster) -> Panel:
    return table(
        "Noisiest of the week",
        "How often each alert that fired became true, and how long it fired. Often and briefly: its limit or its time"
        " is wrong, or what it watches flaps; do not get used to it.",
        [_NAME],
        [
            Column(asked.times_true(), "Times", limits=_FLAPPING),
            Column(asked.seconds_firing(cluster), "Fired for", _SECONDS),
        ],
        by="Times",
        descending=True,
    )


def _silent(cluster: Cluster) -> Panel:
    return table(
        "Never fired within the week",
        "Alerts of this cluster that said nothing. That is as it should be, if they can: `ragpulse drill` and the rule"
        " tests prove that they do.",
        [_NAME],
        [Column(asked.never_fired(cluster))],
        without_data="All have fired",
    )
