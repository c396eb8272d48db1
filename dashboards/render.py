"""Every board as the JSON that Grafana loads, and the provisioning that makes it load them."""

from dashboards import grafana
from dashboards.boards import BOARDS
from dashboards.normalise import normalise
from ragpulse import endpoints
from ragpulse.generated import json_text, yaml_text
from ragpulse.inventory import Cluster
from ragpulse.units import prometheus_duration

# Where Grafana finds the boards differs between a container and a machine, so Grafana fills it in.
_BOARDS_FOLDER = "${RAGPULSE_DASHBOARDS}"


def boards(cluster: Cluster) -> dict[str, str]:
    """`<board>.json` → content."""
    return {f"{board.name}.json": json_text(normalise(grafana.written(cluster, board))) for board in BOARDS}


def provisioning(cluster: Cluster) -> dict[str, str]:
    """Files of Grafana's provisioning folder → content."""
    place = next(iter(endpoints.prometheus(cluster).values()))
    datasource = {
        "name": "ragpulse",
        "type": "prometheus",
        "access": "proxy",
        "url": f"http://{place}",
        "isDefault": True,
        "editable": False,
        # Without it $__rate_interval assumes 15 s, and every rate is over too few scrapes.
        "jsonData": {"timeInterval": prometheus_duration(cluster.monitoring.scrape_interval), "httpMethod": "POST"},
    }
    provider = {
        "name": "ragpulse",
        "folder": "ragpulse",
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "options": {"path": _BOARDS_FOLDER},
    }
    return {
        "datasources/ragpulse.yml": yaml_text(cluster, {"apiVersion": 1, "datasources": [datasource]}),
        "dashboards/ragpulse.yml": yaml_text(cluster, {"apiVersion": 1, "providers": [provider]}),
    }
