"""Which alerts fire or wait, on what expression and value, who holds them back, and can an alert reach anybody?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from ragpulse.overview.alertmanager_api import KnownAlert
from ragpulse.overview.facts import Alert, Alerts
from ragpulse.overview.prometheus_api import ActiveAlert, Rule

WATCHDOG = "Watchdog"  # fires always: that it arrives shows that alerts can
_SEVERITIES = ("page", "ticket", "info")


def alerts(
    rules: Sequence[Rule] | None,
    problem: str,
    known: Sequence[KnownAlert] | None,
    alertmanager_problem: str,
    runbooks: frozenset[str],
) -> Alerts:
    """`rules` and `known` are None where Prometheus or Alertmanager did not answer, for the reason beside each."""
    if rules is None:
        return Alerts((), problem, "", path_alive=False, path_words=f"alerting path unknown: {problem}")
    broken = sorted(rule.name for rule in rules if rule.health == "err")
    cautions = [f"cannot be evaluated: {', '.join(broken)}"] if broken else []
    if known is None:
        cautions.append(f"which are silenced is not known: {alertmanager_problem}")
    shown = [
        _alert(rule, active, known or (), runbooks)
        for rule in rules
        if rule.name != WATCHDOG
        for active in rule.alerts
        if active.state in {"firing", "pending"}
    ]
    alive, words = _path(rules, known, alertmanager_problem)
    return Alerts(
        shown=tuple(sorted(shown, key=_urgency)),
        unknown="" if rules else "Prometheus has no alerting rules",
        caution="; ".join(cautions),
        path_alive=alive,
        path_words=words,
    )


def _alert(rule: Rule, active: ActiveAlert, known: Sequence[KnownAlert], runbooks: frozenset[str]) -> Alert:
    labels = active.labels
    quieted = next((one.quieted for one in known if one.is_the_same_as(labels)), "")
    return Alert(
        name=rule.name,
        state="firing" if active.state == "firing" else "pending",
        severity=labels.get("severity", ""),
        component=labels.get("component", ""),
        labels=labels,
        summary=active.annotations.get("summary", ""),
        description=active.annotations.get("description", ""),
        expression=rule.query,
        value=_value(active.value),
        since=_time(active.activeAt),
        quieted=quieted,
        link=_link(rule.name, labels, active.annotations.get("runbook_url", ""), runbooks),
    )


def _path(rules: Sequence[Rule], known: Sequence[KnownAlert] | None, problem: str) -> tuple[bool, str]:
    firing = any(active.state == "firing" for rule in rules if rule.name == WATCHDOG for active in rule.alerts)
    if not firing:
        return False, f"alerting path unproven: {WATCHDOG} does not fire"
    if known is None:
        return False, f"alerting path broken: {problem}"
    if not any(one.labels.get("alertname") == WATCHDOG for one in known):
        return False, f"alerting path unproven: {WATCHDOG} has not reached Alertmanager"
    return True, f"alerting path alive: {WATCHDOG} reaches Alertmanager"


def _urgency(alert: Alert) -> tuple[bool, bool, int, float, str]:
    severity = _SEVERITIES.index(alert.severity) if alert.severity in _SEVERITIES else len(_SEVERITIES)
    return alert.state == "pending", bool(alert.quieted), severity, alert.since or 0.0, alert.name


def _link(name: str, labels: Mapping[str, str], annotated: str, runbooks: frozenset[str]) -> str:
    """Our own copy first, with what its commands are about; an annotated one only where it leads to a web page."""
    if name in runbooks:
        subjects = {label: labels[label] for label in ("service", "node", "backup") if labels.get(label)}
        return f"/runbooks/{name}?{urlencode(subjects)}" if subjects else f"/runbooks/{name}"
    return annotated if annotated.startswith(("https://", "http://")) else ""


def _value(text: str) -> str:
    try:
        return f"{float(text):.6g}"
    except ValueError:
        return text


def _time(text: str | None) -> float | None:
    """RFC 3339 with up to nine digits of a second; Python 3.11 reads six and drops the rest."""
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except ValueError:
        return None
