"""Which receivers can Alertmanager not tell itself, so that it hands them to the adapter on 127.0.0.1?

Alertmanager 0.25 reads the URL of Slack, the key of PagerDuty and the password of a mail server from files, but not the
URL of a webhook or of Discord, nor Telegram's token; ntfy none of them speaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragpulse.receivers import AnyReceiver, Discord, Ntfy, Telegram, Webhook

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster

# `notify.heartbeat` among the receivers, where it goes through the adapter.
HEARTBEAT = "heartbeat"


def relayed(cluster: Cluster) -> dict[str, AnyReceiver]:
    """Name → receiver; the adapter is asked for each at `/receivers/<name>`."""
    notify = cluster.notify
    current = notify.alertmanager == "v0.31"
    found = {name: one for name, one in notify.receivers.items() if _is_relayed(one, current=current)}
    if notify.heartbeat is not None and notify.heartbeat.url_file is not None and not current:
        found[HEARTBEAT] = Webhook(kind="webhook", url_file=notify.heartbeat.url_file)
    return found


def _is_relayed(receiver: AnyReceiver, *, current: bool) -> bool:
    if isinstance(receiver, Ntfy):
        return True
    lacks_file = isinstance(receiver, Discord | Telegram) or (
        isinstance(receiver, Webhook) and receiver.url_file is not None
    )
    return lacks_file and not current
