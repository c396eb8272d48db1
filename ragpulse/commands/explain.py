"""`ragpulse explain ALERT`: what it asks, what that comes to now, and why it fires or does not.

Exit status 2 for an alert that this cluster does not have, 1 where Prometheus cannot be asked.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alerts.rule import Alert
from alerts.rules import COMPONENTS
from ragpulse import cluster_file, endpoints
from ragpulse.explain import told
from ragpulse.explain.budget_left import arithmetic, budget_of
from ragpulse.explain.weighed import Weighed, weigh, why_not
from ragpulse.inventory import Cluster
from ragpulse.nearest import nearest
from ragpulse.overview import runbooks
from ragpulse.overview.asked import UsageError, asked, url_of
from ragpulse.overview.prometheus_api import ActiveAlert, PrometheusApi
from ragpulse.stack.telling import Telling
from ragpulse.units import prometheus_duration

_WITHIN = 30.0  # seconds for all questions
_MEANING = "## Meaning"


@dataclass(frozen=True, slots=True)
class _Explained:
    """active: alerts of this rule that fire or wait. loaded: Prometheus has a rule of this name."""

    alert: Alert
    found: Weighed
    active: tuple[ActiveAlert, ...]
    loaded: bool
    arithmetic: list[str]


def explain(
    alert: Annotated[str, typer.Argument(help="Its name, like ServiceDown.")],
    about: Annotated[str | None, typer.Argument(metavar="[SERVICE|NODE]", help="All of them, unless told.")] = None,
    *,
    config: Annotated[Path, typer.Option(help="The cluster file.")] = Path("cluster.yaml"),
    prometheus: Annotated[str, typer.Option(metavar="URL", help="Prometheus, if not on this host.")] = "",
) -> None:
    """Say what an alert asks, what that comes to now, and why it fires or does not."""
    cluster = cluster_file.load(config)
    chosen = _chosen(cluster, alert, about)

    async def explained(server: PrometheusApi) -> list[_Explained]:
        loaded = [rule for rule in await server.alerting_rules() if rule.name == alert]
        return [
            _Explained(
                each,
                await weigh(server, each.expr),
                tuple(one for rule in loaded for one in rule.alerts if _is_of(one, each)),
                loaded=bool(loaded),
                arithmetic=await arithmetic(cluster, server, objective)
                if (objective := budget_of(cluster, each.expr))
                else [],
            )
            for each in chosen
        ]

    console = Telling().console
    for one in asked(url_of(cluster, prometheus), explained, within=_WITHIN):
        _show(console, one)
    console.print("\n".join(_runbook(cluster, alert)))


def _chosen(cluster: Cluster, name: str, about: str | None) -> list[Alert]:
    every = [
        rule
        for rules in COMPONENTS.values()
        for group in rules(cluster)
        for rule in group.rules
        if isinstance(rule, Alert)
    ]
    named = [alert for alert in every if alert.name == name]
    if not named:
        raise UsageError(f"{name} is no alert of {cluster.name}{nearest(name, {alert.name for alert in every})}")
    if about is None:
        return named
    chosen = [alert for alert in named if about in _subjects(alert)]
    if not chosen:
        subjects = {subject for alert in named for subject in _subjects(alert)}
        raise UsageError(f"{name} is about no {about}{nearest(about, sorted(subjects))}")
    return chosen


def _subjects(alert: Alert) -> set[str]:
    return {alert.component, *(alert.labels.get(name, "") for name in ("service", "node"))} - {""}


def _is_of(active: ActiveAlert, alert: Alert) -> bool:
    fixed = {name: text for name, text in alert.labels.items() if "{{" not in text}
    return fixed.items() <= active.labels.items()


def _show(console: Console, one: _Explained) -> None:
    alert = one.alert
    holds = f", once true for {prometheus_duration(alert.hold)}" if alert.hold else ""
    console.print(f"{alert.name}, {alert.component}: a {alert.severity}{holds}", style="bold")
    for line in _state(one):
        console.print(line, soft_wrap=True)
    console.print("")
    console.print(told.conditions(one.found))
    for line in one.arithmetic:
        console.print(f"  {line}", soft_wrap=True)
    console.print("")


def _state(one: _Explained) -> Iterator[str]:
    if not one.loaded:
        yield "Prometheus has no rule of this name: what runs was generated from another cluster file"
    for active in one.active:
        since = f" since {_moment(active.activeAt)}" if active.activeAt else ""
        words = "fires, true" if active.state == "firing" else "is true, and not for long enough,"
        yield f"{words}{since}: {active.annotations.get('summary', '')}"
    if one.active:
        return
    if (reason := why_not(one.found)) is None:
        yield "is true now; the next evaluation will find it"
    elif reason.clause.is_choice and not reason.how.startswith("unless"):
        yield "does not fire: of the conditions that `or` joins none is true"
    elif reason.how.startswith("unless"):
        yield f"does not fire: held back, because {reason.clause.text} is {told.now(reason)}"
    elif reason.compared and reason.now:
        compared = reason.compared
        yield f"does not fire: {compared.left} is {told.now(reason)}, not {compared.operator} {compared.right}"
    else:
        yield f"does not fire: {reason.clause.text} is nothing now"


def _runbook(cluster: Cluster, name: str) -> Iterator[str]:
    text = runbooks.read(runbooks.folder(), name) or ""
    meaning = text.partition(_MEANING)[2].partition("\n## ")[0].strip()
    if meaning:
        yield from textwrap.wrap(meaning.replace("`", ""), width=110)
    yield f"runbook: {endpoints.overview(cluster)}/runbooks/{name}"


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%F %T %Z}"
