"""`ragpulse explain ALERT`: what it asks, what that comes to now, and why it fires or does not.

Exit status 2 for an alert that this cluster does not have, 1 where Prometheus cannot be asked.
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alerts.rule import Alert
from alerts.rules import COMPONENTS
from ragpulse import cluster_file, endpoints
from ragpulse.explain import reasons, told
from ragpulse.explain.budget_left import arithmetic, budget_of
from ragpulse.explain.weighed import Weighed, weigh
from ragpulse.inventory import Cluster
from ragpulse.nearest import close_to, nearest
from ragpulse.overview import runbooks
from ragpulse.overview.asked import UsageError, asked, url_of
from ragpulse.overview.prometheus_api import ActiveAlert, PrometheusApi
from ragpulse.stack.telling import Telling
from ragpulse.units import prometheus_duration

_WITHIN = 30.0  # seconds for all questions
_MEANING = "## Meaning"
_OF_EACH = "{{ $labels.node }}"  # the component of an alert that each node has
_FEW = 3  # alerts of one name that are shown whole, though they do not fire
_A = {"page": "a page", "ticket": "a ticket", "info": "told to nobody"}


@dataclass(frozen=True, slots=True)
class _Explained:
    """active: alerts of this rule that fire or wait. slo: of a target, its name. budget: its arithmetic."""

    alert: Alert
    found: Weighed
    active: tuple[ActiveAlert, ...]
    slo: str = ""
    budget: tuple[str, ...] = ()


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
    node = about if about in cluster.nodes else None

    async def explained(server: PrometheusApi) -> tuple[bool, list[_Explained]]:
        loaded = [rule for rule in await server.alerting_rules() if rule.name == alert]
        active = [one for rule in loaded for one in rule.alerts if one.labels.get("node", node) == node or not node]
        return bool(loaded), [await _explained(cluster, server, each, active, node) for each in chosen]

    loaded, found = asked(url_of(cluster, prometheus), explained, within=_WITHIN)
    console = Telling().console
    if not loaded:
        console.print("Prometheus has no rule of this name: what runs was generated from another cluster file")
    for one in found:
        _show(console, one, whole=bool(one.active or about or len(found) <= _FEW))
    if len(found) > _FEW and not about:
        subjects = sorted({subject for one in found for subject in _subjects(cluster, one.alert)})
        console.print(f"with all conditions: ragpulse explain {alert} {'|'.join(subjects)}\n", soft_wrap=True)
    console.print("\n".join(_runbook(cluster, alert)))


async def _explained(
    cluster: Cluster, server: PrometheusApi, alert: Alert, active: Sequence[ActiveAlert], node: str | None
) -> _Explained:
    found = await weigh(server, alert.expr, node if alert.component == _OF_EACH else None)
    of_it = tuple(one for one in active if _is_of(one, alert))
    if (objective := budget_of(cluster, alert.expr)) is None:
        return _Explained(alert, found, of_it)
    return _Explained(alert, found, of_it, objective.slo, tuple(await arithmetic(cluster, server, objective)))


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
        raise UsageError(_no_alert(cluster, name, sorted({alert.name for alert in every})))
    if about is None:
        return named
    chosen = [alert for alert in named if about in _subjects(cluster, alert)]
    if not chosen:
        subjects = {subject for alert in named for subject in _subjects(cluster, alert)}
        raise UsageError(f"{name} is about no {about}{nearest(about, sorted(subjects))}")
    return chosen


def _no_alert(cluster: Cluster, name: str, known: Sequence[str]) -> str:
    if name in runbooks.names(runbooks.folder()):
        return f"{name}: {cluster.name} has nothing of which this alert could tell"
    close = close_to(name, known)
    hint = f"did you mean {close}?" if close else f"docs/alerts.md has its {len(known)}"
    return f"{name} is no alert of {cluster.name}; {hint}"


def _subjects(cluster: Cluster, alert: Alert) -> set[str]:
    """What can be named besides it."""
    if alert.component == _OF_EACH:
        return set(cluster.nodes)
    return {alert.component, *(alert.labels.get(name, "") for name in ("service", "node"))} - {""}


def _is_of(active: ActiveAlert, alert: Alert) -> bool:
    fixed = {name: text for name, text in alert.labels.items() if "{{" not in text}
    return fixed.items() <= active.labels.items()


def _show(console: Console, one: _Explained, *, whole: bool) -> None:
    alert = one.alert
    about = "of any node" if alert.component == _OF_EACH else alert.component
    holds = f", once true for {prometheus_duration(alert.hold)}" if alert.hold else ""
    of_target = f", {one.slo}" if one.slo else ""
    console.print(f"{alert.name}, {about}{of_target}: {_A[alert.severity]}{holds}", style="bold")
    for line in reasons.state(one.found, one.active):
        console.print(line, soft_wrap=True)
    console.print("")
    if not whole:
        return
    console.print(told.conditions(one.found))
    for line in one.budget:
        console.print(f"  {line}", soft_wrap=True)
    console.print("")


def _runbook(cluster: Cluster, name: str) -> Iterator[str]:
    text = runbooks.read(runbooks.folder(), name) or ""
    meaning = text.partition(_MEANING)[2].partition("\n## ")[0].strip()
    if meaning:
        yield from textwrap.wrap(meaning.replace("`", ""), width=110)
    yield f"runbook: {endpoints.overview(cluster)}/runbooks/{name}"
