"""Names of the recording rules that rules, boards and the Overview page share; windows derive from the scrape interval.

A verdict is `missed` when the value misses its objective over the long window AND over the short one, so that it
turns soon after a fault begins and soon after it ends.
"""

from ragpulse.inventory import Cluster
from ragpulse.units import prometheus_duration

COMPONENT_STATE = "ragpulse:component_state"  # {component, kind}: 0 unknown, 1 down, 2 degraded, 3 up
TARGET_EXPECTED = "ragpulse:target_expected"  # {job, node}: 1 for every agent that must be scraped
SLO_WATCHED = "ragpulse:slo_watched:bool"  # {slo, service, check}: 1 while who measures it is scraped, else absent
SLO_OBJECTIVE = "ragpulse:slo_objective:value"  # {slo, service, check}: the value to reach, in the unit of slo_value


def short_window(cluster: Cluster) -> float:
    """Seconds; at least six scrapes, so that one lost scrape does not empty it."""
    return max(60.0, 6 * cluster.monitoring.scrape_interval)


def long_window(cluster: Cluster) -> float:
    return 5 * short_window(cluster)


def slo_good(window: float) -> str:
    """{slo, service, check}: good events (or tokens, busy seconds) per second over `window` seconds."""
    return f"ragpulse:slo_good:rate{prometheus_duration(window)}"


def slo_total(window: float) -> str:
    """{slo, service, check}: all events (or demand seconds, observed seconds) per second."""
    return f"ragpulse:slo_total:rate{prometheus_duration(window)}"


def slo_value(window: float) -> str:
    """{slo, service, check}: good / total; absent while there is nothing to judge."""
    return f"ragpulse:slo_value:rate{prometheus_duration(window)}"


def slo_met(cluster: Cluster) -> str:
    """{slo, service, check}: 1 met, 0 missed, absent when not judgeable."""
    return f"ragpulse:slo_met:bool{prometheus_duration(long_window(cluster))}"
