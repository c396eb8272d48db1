"""alertmanager.yml: who hears of what, how soon, and what is held back because its cause is already known.

Read by the Alertmanager that `notify.alertmanager` names, and by every newer one.
"""

from typing import Any

from alerts.alertmanager_receivers import receiver
from alerts.inhibition import inhibitions
from ragpulse.generated import yaml_text
from ragpulse.inventory import Cluster
from ragpulse.relayed import relayed
from ragpulse.units import prometheus_duration

_NOBODY = "nobody"
_GROUP_INTERVALS = 6
_REPEAT = 4 * 3600.0


def render(cluster: Cluster) -> dict[str, str]:
    """`alertmanager.yml` → content."""
    configuration = {
        "route": _route(cluster),
        "inhibit_rules": list(inhibitions(cluster)),
        "receivers": [
            {"name": _NOBODY},
            receiver(cluster, "page", cluster.notify.page),
            receiver(cluster, "ticket", cluster.notify.ticket),
        ],
    }
    return {"alertmanager.yml": yaml_text(cluster, configuration)}


def notes(cluster: Cluster) -> list[str]:
    """What the operator must know before using the file."""
    place = f"127.0.0.1:{cluster.monitoring.ports.relay}"
    return [
        f"notify: {name} ({one.kind}) is told through the adapter at {place}, which `ragpulse up` starts"
        for name, one in relayed(cluster).items()
    ]


def _route(cluster: Cluster) -> dict[str, Any]:
    step = cluster.monitoring.scrape_interval
    return {
        # An alert with a severity that we do not know (an operator's own rule) is better heard than lost.
        "receiver": "page",
        "group_by": ["alertname", "component"],
        "group_wait": prometheus_duration(step),
        "group_interval": prometheus_duration(_GROUP_INTERVALS * step),
        "repeat_interval": prometheus_duration(_REPEAT),
        "routes": [
            {"receiver": _NOBODY, "matchers": ['alertname="Watchdog"']},
            {"receiver": "page", "matchers": ['severity="page"']},
            {"receiver": "ticket", "matchers": ['severity="ticket"']},
            {"receiver": _NOBODY, "matchers": ['severity="info"']},
        ],
    }
