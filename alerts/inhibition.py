"""What Alertmanager holds back because its cause is already known: one rule for each cause of the graph.

The rules of alerts are silent by themselves about what follows from a node or a service beneath
(`alerts.service_alert`); this holds back what they told before the cause was known, and all that is said of a node
itself.
"""

from collections.abc import Iterator
from typing import Any

from alerts.node import NODE_DOWN
from alerts.service_alert import explaining
from ragpulse.dependencies import Dependencies, node
from ragpulse.inventory import Cluster

_DOWN = f'alertname="{NODE_DOWN}"'
# A page about days to come: the service works.
_CANNOT_WORK = ['severity="page"', 'alertname!="CertificateExpires"']


def inhibitions(cluster: Cluster) -> Iterator[dict[str, Any]]:
    graph = Dependencies(cluster)
    for name in cluster.nodes:
        down = [_DOWN, f'node="{name}"']
        if needing := graph.services_above(node(name)):
            yield {"source_matchers": down, "target_matchers": [_service(needing)]}
        if len(cluster.nodes) > 1:
            yield {"source_matchers": down, "target_matchers": [f'peer="{name}"']}
    # Its sources, its GPUs, its backups, its Prometheus and Alertmanager.
    yield {"source_matchers": [_DOWN], "target_matchers": [f'alertname!="{NODE_DOWN}"'], "equal": ["node"]}
    for name in cluster.services:
        if needed := explaining(cluster, name):
            yield {
                "source_matchers": [*_CANNOT_WORK, _service(needed)],
                "target_matchers": [_service((name,))],
            }
    yield {"source_matchers": ['severity="page"'], "target_matchers": ['severity="ticket"'], "equal": ["component"]}


def _service(names: tuple[str, ...]) -> str:
    return f'service="{names[0]}"' if len(names) == 1 else f'service=~"{"|".join(names)}"'
