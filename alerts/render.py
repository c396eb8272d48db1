"""Rules as the files that Prometheus reads, with what every rule gets: cluster, links, and patience with readings."""

from typing import Any

from alerts import timing
from alerts.rule import Alert, Group, Record
from alerts.rules import COMPONENTS
from ragpulse import endpoints
from ragpulse.generated import yaml_text
from ragpulse.inventory import Cluster
from ragpulse.promql import reads_gauge
from ragpulse.units import prometheus_duration


def render(cluster: Cluster) -> dict[str, str]:
    """`<component>.yml`, or what its groups name, → content; for each component that has rules in this cluster."""
    files: dict[str, list[dict[str, Any]]] = {}
    for component, rules in COMPONENTS.items():
        for group in rules(cluster):
            files.setdefault(f"{group.file or component}.yml", []).append(_group(cluster, group))
    return {name: yaml_text(cluster, {"groups": groups}) for name, groups in files.items()}


def _group(cluster: Cluster, group: Group) -> dict[str, Any]:
    every = {"interval": prometheus_duration(group.interval)} if group.interval is not None else {}
    return {"name": group.name, **every, "rules": [_rule(cluster, rule) for rule in group.rules]}


def _rule(cluster: Cluster, rule: Record | Alert) -> dict[str, Any]:
    if isinstance(rule, Record):
        return {"record": rule.name, "expr": rule.expr, "labels": {"cluster": cluster.name, **rule.labels}}
    return {
        "alert": rule.name,
        "expr": rule.expr,
        **_times(cluster, rule),
        "labels": {"severity": rule.severity, "component": rule.component, **rule.labels},
        "annotations": {
            "summary": rule.summary,
            "description": rule.description,
            "runbook_url": f"{endpoints.overview(cluster)}/runbooks/{rule.name}",
            "dashboard_url": f"{endpoints.overview(cluster)}/#component-{rule.component}",
        },
    }


def _times(cluster: Cluster, alert: Alert) -> dict[str, str]:
    times = {"for": prometheus_duration(alert.hold)} if alert.hold else {}
    if reads_gauge(alert.expr):
        times["keep_firing_for"] = prometheus_duration(timing.patience(cluster))
    return times
