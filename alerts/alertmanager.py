"""alertmanager.yml and its templates: who hears of what, how soon, in which words, and what is held back because its
cause is already known.

Read by the Alertmanager that `notify.alertmanager` names, and by every newer one.
"""

from alerts import alertmanager_templates, alertmanager_test_route
from alerts.alertmanager_receivers import heartbeat, receiver
from alerts.alertmanager_tree import NOBODY, PAGE, TICKET, route, time_intervals
from alerts.inhibition import inhibitions
from ragpulse.generated import yaml_text
from ragpulse.inventory import Cluster
from ragpulse.relayed import relayed


def render(cluster: Cluster) -> dict[str, str]:
    """`alertmanager.yml` and `templates/ragpulse.tmpl` → content. The one finds the other beside itself."""
    times = time_intervals(cluster)
    configuration = {
        "templates": ["templates/*.tmpl"],
        "route": route(cluster),
        **({"time_intervals": times} if times else {}),
        "inhibit_rules": list(inhibitions(cluster)),
        "receivers": [
            {"name": NOBODY},
            receiver(cluster, PAGE, cluster.notify.page),
            receiver(cluster, TICKET, cluster.notify.ticket),
            *heartbeat(cluster),
            *alertmanager_test_route.receivers(cluster),
        ],
    }
    return {"alertmanager.yml": yaml_text(cluster, configuration), **alertmanager_templates.render(cluster)}


def notes(cluster: Cluster) -> list[str]:
    """What the operator must know before using the file."""
    place = f"127.0.0.1:{cluster.monitoring.ports.relay}"
    return [
        f"notify: {name} ({one.kind}) is told through the adapter at {place}, which `ragpulse up` starts"
        for name, one in relayed(cluster).items()
    ]
