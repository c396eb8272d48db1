"""What the running version of vLLM does not offer says so, instead of a panel that is empty without a reason."""

from dashboards.panels.trends import Line
from ragpulse.catalogue.vllm import METRIC_OFFERED
from ragpulse.metric import Metric
from ragpulse.promql import Pattern, instant


def not_offered(metric: Metric) -> Line:
    """A line without a point, whose name stands in the legend where, and only where, the metric is not offered."""
    offered = instant(METRIC_OFFERED, cluster=Pattern("$cluster"), metric=metric.name)
    return Line(f"max by (service) ({offered} == 0) * NaN", "{{service}}: not offered by this version")
