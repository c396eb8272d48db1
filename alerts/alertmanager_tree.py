"""The tree of routes: who hears of which severity, what is told together, how soon, and how often again."""

from typing import Any

from alerts import alertmanager_test_route, timing
from alerts.monitoring import MONITORING_DOWN, WATCHDOG
from ragpulse.inventory import Cluster
from ragpulse.relayed import HEARTBEAT
from ragpulse.units import prometheus_duration

NOBODY, PAGE, TICKET = "nobody", "page", "ticket"
QUIET = "quiet hours"

_GROUP_INTERVALS = 6
_REPEAT_PAGE, _REPEAT_TICKET = 4 * 3600.0, 24 * 3600.0
# Alertmanager looks once in a group interval whether it is time again: the same time twice would be every second one.
_BEAT, _BEAT_AGAIN = 60.0, 55.0


def route(cluster: Cluster) -> dict[str, Any]:
    step = cluster.monitoring.scrape_interval
    return {
        # An alert with a severity that we do not know (an operator's own rule) is better heard than lost.
        "receiver": PAGE,
        "group_by": ["alertname", "component"],
        "group_wait": prometheus_duration(timing.group_wait(cluster)),
        "group_interval": prometheus_duration(_GROUP_INTERVALS * step),
        "repeat_interval": prometheus_duration(_REPEAT_PAGE),
        "routes": [
            *alertmanager_test_route.routes(cluster),
            _watchdog(cluster),
            # The Prometheus and the Alertmanager of one node are found dead by one round, or by two.
            {
                "receiver": PAGE,
                "matchers": [f'alertname="{MONITORING_DOWN}"'],
                "group_wait": prometheus_duration(2.5 * step),
            },
            {"receiver": PAGE, "matchers": ['severity="page"']},
            _tickets(cluster),
            {"receiver": NOBODY, "matchers": ['severity="info"']},
        ],
    }


def time_intervals(cluster: Cluster) -> list[dict[str, Any]]:
    """Alertmanager's times of a day do not go over midnight."""
    quiet = cluster.notify.quiet_hours
    if quiet is None:
        return []
    start, end = quiet.between.split("-")
    spans = [(start, end)] if start < end else [(start, "24:00"), ("00:00", end)]
    times = [{"start_time": begin, "end_time": until} for begin, until in spans if begin != until]
    return [{"name": QUIET, "time_intervals": [{"times": times, "location": quiet.zone}]}]


def _watchdog(cluster: Cluster) -> dict[str, Any]:
    watchdog = {"matchers": [f'alertname="{WATCHDOG}"']}
    if cluster.notify.heartbeat is None:
        return {"receiver": NOBODY, **watchdog}
    return {
        "receiver": HEARTBEAT,
        **watchdog,
        "group_by": ["alertname"],
        "group_wait": "0s",
        "group_interval": prometheus_duration(_BEAT),
        "repeat_interval": prometheus_duration(_BEAT_AGAIN),
    }


def _tickets(cluster: Cluster) -> dict[str, Any]:
    return {
        "receiver": TICKET,
        "matchers": ['severity="ticket"'],
        "repeat_interval": prometheus_duration(_REPEAT_TICKET),
        **({"mute_time_intervals": [QUIET]} if cluster.notify.quiet_hours else {}),
    }
