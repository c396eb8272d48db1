"""For how long was work on each service announced within a window? None of its events in that time were judged.

Errors: Unavailable.
"""

from ragpulse.catalogue.maintenance import MAINTENANCE
from ragpulse.inventory import Cluster
from ragpulse.overview.prometheus_api import PrometheusApi
from ragpulse.promql import instant
from ragpulse.report.window import Window
from ragpulse.units import prometheus_duration


async def announced(cluster: Cluster, prometheus: PrometheusApi, window: Window) -> dict[str, float]:
    """Service → seconds, of those of which any was."""
    step = cluster.monitoring.scrape_interval
    over = f"[{prometheus_duration(window.seconds)}:{prometheus_duration(step)}]"
    expression = f"sum_over_time((max by (service) ({instant(MAINTENANCE)})){over}) > 0"
    found = await prometheus.over(expression, window.end, window.end, window.step)
    return {one.labels.get("service", ""): one.points[-1][1] * step for one in found if one.points}
