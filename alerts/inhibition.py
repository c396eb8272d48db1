"""What is held back because its cause is already known."""

from collections.abc import Iterator
from typing import Any

from alerts.monitoring import MONITORING_DOWN, SOURCE_FAILING, SOURCE_STALE, TARGET_MISSING
from alerts.node import NODE_DOWN
from alerts.service_alert import needed_nodes
from ragpulse.inventory import Cluster
from ragpulse.rag_stages import beneath
from ragpulse.services import Rag

_EXPLAINED_BY_NODE = (SOURCE_FAILING, SOURCE_STALE, TARGET_MISSING, MONITORING_DOWN)


def inhibitions(cluster: Cluster) -> Iterator[dict[str, Any]]:
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
