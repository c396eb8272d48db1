"""Colours: green, orange and red judge and do nothing else; a node and a quantile have the same colour everywhere."""

import re
from typing import Any

from ragpulse.inventory import Cluster

UNKNOWN, BAD, WARNING, GOOD = "#8e8e8e", "red", "orange", "green"
NEUTRAL = "blue"
TARGET = "text"  # that of the letters, light or dark
QUANTILES = {0.5: "light-blue", 0.95: "blue", 0.99: "dark-blue"}
# So many nodes, and services, have a colour of their own; those after them take what Grafana's palette has for their
# name, which is the same everywhere too. A list without an end would make every panel grow with the cluster.
OF_LINES = (
    "blue", "purple", "light-blue", "light-purple", "dark-blue", "dark-purple", "super-light-blue",
    "super-light-purple",
)  # fmt: skip


def fixed(colour: str) -> dict[str, Any]:
    return {"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}


def of_nodes(cluster: Cluster) -> list[dict[str, Any]]:
    """For lines whose legend begins with the name of a node."""
    return [
        {"matcher": {"id": "byRegexp", "options": f"/^{re.escape(node)}( |$)/"}, "properties": [fixed(colour)]}
        for node, colour in zip(cluster.nodes, OF_LINES, strict=False)
    ]


def of_services(cluster: Cluster) -> list[dict[str, Any]]:
    """For lines whose legend is the name of a service: Grafana's palette gives some of them the red that judges."""
    return [named(service, colour) for service, colour in zip(cluster.services, OF_LINES, strict=False)]


def named(legend: str, colour: str) -> dict[str, Any]:
    return {"matcher": {"id": "byName", "options": legend}, "properties": [fixed(colour)]}
