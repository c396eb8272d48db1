"""A notification as plain text, in the words of `ragpulse.notification_words`, which Alertmanager's templates share.

What does not fit goes in this order: what alerts mean, then alerts (what is over first), which are counted.
"""

import unicodedata
from datetime import datetime

from ragpulse import notification_words as fixed
from ragpulse.relay.cut import Limit
from ragpulse.relay.notification import Alert, Notification

_MOST_SHOWN = 20
_TITLE, _LINE = Limit(150, "UTF-16"), Limit(500, "UTF-16")  # what one alert says must leave room for its links
_NO_TIME = "an unknown time"


def title(notification: Notification) -> str:
    severity = _common(notification, "severity")
    state = severity.upper() or fixed.ALERT if _fires(notification) else fixed.OVER
    where = (_common(notification, label) for label in ("component", "cluster"))
    said = fixed.BETWEEN.join((f"{state} {_common(notification, 'alertname')}", *filter(None, where)))
    count = len(notification.alerts)
    return _TITLE.cut(_line(f"{said} ({count})" if count > 1 else said))


def body(notification: Notification, limit: Limit) -> str:
    """Without the title."""
    return _fitted("", notification, limit)


def text(notification: Notification, limit: Limit) -> str:
    return _fitted(f"{title(notification)}\n\n", notification, limit)


def severity(notification: Notification) -> str:
    """The worst that still holds; empty when all is over."""
    found = {alert.labels.get("severity") for alert in notification.alerts if not alert.is_over}
    if found - {"ticket", "info"}:
        return "page"  # what has no severity of ours is better heard than lost
    return "ticket" if "ticket" in found else "info" if found else ""


def _fires(notification: Notification) -> bool:
    return not all(alert.is_over for alert in notification.alerts)


def _fitted(head: str, notification: Notification, limit: Limit) -> str:
    alerts = sorted(notification.alerts, key=lambda alert: alert.is_over)
    most = min(len(alerts), _MOST_SHOWN)
    said = ""
    for shown, with_meaning in ((most, True), *((count, False) for count in range(most, 0, -1))):
        blocks = [_told(alert, with_meaning=with_meaning) for alert in alerts[:shown]]
        left_out = [f"… and {len(alerts) - shown} more"] if shown < len(alerts) else []
        said = head + "\n\n".join((*blocks, *left_out))
        if limit.fits(said):
            return said
    return limit.cut(said)


def _told(alert: Alert, *, with_meaning: bool) -> str:
    what = alert.annotations.get("summary") or alert.labels.get("alertname", "")
    lines = [f"{fixed.OVER}: {what}" if alert.is_over else what, _when_and_where(alert)]
    if not alert.is_over:
        meaning = alert.annotations.get("description", "") if with_meaning else ""
        links = ((fixed.RUNBOOK, "runbook_url"), (fixed.BOARD, "dashboard_url"))
        lines += [meaning, *(f"{word}: {url}" for word, key in links if (url := alert.annotations.get(key)))]
    return "\n".join(_LINE.cut(line) for line in map(_line, lines) if line)


def _when_and_where(alert: Alert) -> str:
    began = _at(alert.starts_at)
    when = f"{fixed.FROM} {began} {fixed.TO} {_at(alert.ends_at)}" if alert.is_over else f"{fixed.SINCE} {began}"
    places = (f"{label} {value}" for label, value in sorted(alert.labels.items()) if label not in fixed.NO_PLACE)
    return fixed.BETWEEN.join((when, *places))


def _common(notification: Notification, label: str) -> str:
    values = {alert.labels.get(label, "") for alert in notification.alerts}
    return values.pop() if len(values) == 1 else ""


def _at(moment: datetime) -> str:
    is_told = 1970 < moment.year < 9999  # noqa: PLR2004 - Go's zero time has the year 1; no zone has a place for that
    return moment.astimezone().strftime(fixed.PYTHON_TIME) if is_told else _NO_TIME


def _line(text: str) -> str:
    return " ".join("".join(" " if unicodedata.category(each) == "Cc" else each for each in text).split())
