"""What a notification says, as plain text: what, its value against the target, since when, runbook, board.

Several alerts of a group stand below each other. What does not fit is counted, and the links stay.
"""

import unicodedata
from datetime import datetime

from ragpulse.relay.cut import Limit
from ragpulse.relay.notification import Alert, Notification

_LINKS = (("runbook", "runbook_url"), ("board", "dashboard_url"))
_MOST_SHOWN = 20
_TITLE = Limit(150, "UTF-16")
_ONE_ALERT = Limit(500, "UTF-16")  # of its own words, so that links still fit


def title(notification: Notification) -> str:
    over = sum(alert.is_over for alert in notification.alerts)
    counts = [(len(notification.alerts) - over, "FIRING"), (over, "RESOLVED")]
    many = len(notification.alerts) > 1
    states = ", ".join(f"{count} {word}" if many else word for count, word in counts if count)
    return _TITLE.cut(_line(f"{states} {_common(notification, 'alertname')} {_cluster(notification)}"))


def body(notification: Notification, limit: Limit) -> str:
    """Without the title."""
    return _fitted("", notification, limit)


def text(notification: Notification, limit: Limit) -> str:
    return _fitted(title(notification), notification, limit)


def severity(notification: Notification) -> str:
    """The worst that still fires; empty when all is over."""
    found = {alert.labels.get("severity", "page") for alert in notification.alerts if not alert.is_over}
    return next((one for one in ("page", "ticket") if one in found), "info" if found else "")


def _fitted(head: str, notification: Notification, limit: Limit) -> str:
    """What fires stands first: it must not be what is left out."""
    alerts = sorted(notification.alerts, key=lambda alert: alert.is_over)
    found = head
    for shown in range(min(len(alerts), _MOST_SHOWN), 0, -1):
        told = [_told(alert, severity=len(alerts) > 1) for alert in alerts[:shown]]
        left_out = [f"… and {len(alerts) - shown} more"] if shown < len(alerts) else []
        links = dict.fromkeys(link for alert in alerts[:shown] for link in _links(alert))
        found = "\n".join(filter(None, (head, *told, *left_out, *links)))
        if limit.fits(found):
            return found
    return limit.cut(found)


def _told(alert: Alert, *, severity: bool) -> str:
    state = f"{'RESOLVED' if alert.is_over else alert.labels.get('severity', '')} " if severity else ""
    what = alert.annotations.get("summary") or alert.labels.get("alertname", "an alert without a name")
    began = _at(alert.starts_at)
    when = f"from {began} to {_at(alert.ends_at)}" if alert.is_over else f"since {began}"
    return f"{_ONE_ALERT.cut(_line(state + what))}\n{when}"


def _links(alert: Alert) -> list[str]:
    return [_line(f"{word}: {alert.annotations[key]}") for word, key in _LINKS if alert.annotations.get(key)]


def _common(notification: Notification, label: str) -> str:
    values = {alert.labels.get(label, "") for alert in notification.alerts}
    return values.pop() if len(values) == 1 else ""


def _cluster(notification: Notification) -> str:
    name = _common(notification, "cluster")
    return f"({name})" if name else ""


def _at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _line(text: str) -> str:
    return " ".join("".join(" " if unicodedata.category(each) == "Cc" else each for each in text).split())
