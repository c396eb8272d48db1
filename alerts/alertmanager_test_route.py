"""A route for `ragpulse notify test`: an alert that is marked for one receiver goes to that one and nobody else.

Each test is a group of its own, told at once and only once.
"""

from typing import Any

from alerts.alertmanager_receivers import receiver
from ragpulse.inventory import Cluster
from ragpulse.notification_test import LABEL


def routes(cluster: Cluster) -> list[dict[str, Any]]:
    """To stand before all others."""
    return [
        {
            "receiver": _name(name),
            "matchers": [f'{LABEL}="{name}"'],
            "group_by": ["..."],
            "group_wait": "0s",
        }
        for name in cluster.notify.receivers
    ]


def receivers(cluster: Cluster) -> list[dict[str, Any]]:
    return [_quiet_end(receiver(cluster, _name(name), (name,))) for name in cluster.notify.receivers]


def _quiet_end(receiver: dict[str, Any]) -> dict[str, Any]:
    """That a test is over is worth no notification, but for PagerDuty, where an incident would stay open."""
    return {
        kind: value if kind == "name" else [{**entry, "send_resolved": kind == "pagerduty_configs"} for entry in value]
        for kind, value in receiver.items()
    }


def _name(name: str) -> str:
    return f"test of {name}"
