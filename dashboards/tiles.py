"""Tiles that several boards have alike, besides those of the targets."""

from dashboards import queries
from dashboards.links import Down
from dashboards.panel import Panel
from dashboards.panels import count_of_bad


def pages() -> Panel:
    return count_of_bad(
        "Pages firing",
        "Alerts that ask somebody to act now. The Overview page lists them with their runbooks.",
        queries.pages(),
        Down("objectives", "Firing now"),
    )
