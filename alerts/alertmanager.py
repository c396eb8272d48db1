"""alertmanager.yml: who hears of what, how soon, and what is held back because its cause is already known.

Read by Alertmanager 0.25 and newer, but for a receiver with `url_file`: 0.25 has no such field and refuses the whole
file, which `notes` says.
"""

from collections.abc import Iterator
from typing import Any

from alerts.monitoring import MONITORING_DOWN, SOURCE_FAILING, SOURCE_STALE, TARGET_MISSING
from alerts.node import NODE_DOWN
from alerts.service_alert import needed_nodes
from ragpulse.generated import yaml_text
from ragpulse.inventory import Cluster, Receiver
from ragpulse.rag_stages import beneath
from ragpulse.services import Rag
from ragpulse.units import prometheus_duration

_NOBODY = "nobody"
_EXPLAINED_BY_NODE = (SOURCE_FAILING, SOURCE_STALE, TARGET_MISSING, MONITORING_DOWN)
_GROUP_INTERVALS = 6
_REPEAT = 4 * 3600.0


def render(cluster: Cluster) -> dict[str, str]:
    """`alertmanager.yml` → content."""
    configuration = {
        "route": _route(cluster),
        "inhibit_rules": list(_inhibitions(cluster)),
        "receivers": [
            {"name": _NOBODY},
            _receiver(cluster, "page", cluster.notify.page),
            _receiver(cluster, "ticket", cluster.notify.ticket),
        ],
    }
    return {"alertmanager.yml": yaml_text(cluster, configuration)}


def notes(cluster: Cluster) -> list[str]:
    """What the operator must know before using the file."""
    return [
        f"notify.receivers.{name}: url_file needs Alertmanager 0.26 or newer; 0.25 refuses the file"
        for name, receiver in cluster.notify.receivers.items()
        if receiver.url_file is not None
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


def _inhibitions(cluster: Cluster) -> Iterator[dict[str, Any]]:
    down = f'alertname="{NODE_DOWN}"'
    for node in cluster.nodes:
        if needing := [name for name in cluster.services if node in needed_nodes(cluster, name)]:
            yield {
                "source_matchers": [down, f'node="{node}"'],
                "target_matchers": [f'service=~"{"|".join(needing)}"'],
            }
    yield {
        "source_matchers": [down],
        "target_matchers": [f'alertname=~"{"|".join(_EXPLAINED_BY_NODE)}"'],
        "equal": ["node"],
    }
    for name, path in cluster.of_kind(Rag).items():
        if needed := beneath(cluster, path):
            yield {
                "source_matchers": ['severity="page"', f'service=~"{"|".join(needed)}"'],
                "target_matchers": [f'service="{name}"'],
            }
    yield {
        "source_matchers": ['severity="page"'],
        "target_matchers": ['severity="ticket"'],
        "equal": ["component"],
    }


def _receiver(cluster: Cluster, name: str, members: tuple[str, ...]) -> dict[str, Any]:
    """A receiver without members is valid and tells nobody."""
    webhooks = [_webhook(cluster.notify.receivers[member]) for member in members]
    return {"name": name, "webhook_configs": webhooks} if webhooks else {"name": name}


def _webhook(receiver: Receiver) -> dict[str, Any]:
    place = {"url": receiver.url} if receiver.url is not None else {"url_file": receiver.url_file}
    return {**place, "send_resolved": True}
