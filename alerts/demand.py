"""Demand for a vLLM: did requests wait for nearly all of a window? What it then misses may be no fault of its own.

Measured by two counters, so a queue that is empty for a moment counts as that moment and no more.
"""

from ragpulse.catalogue.vllm import DEMAND_SECONDS
from ragpulse.promql import rate

NEARLY_ALL = 0.9


def demand_share(service: str, window: float) -> str:
    """Share of the window in which requests waited."""
    return f"sum({rate(DEMAND_SECONDS, window, service=service)})"


def demanded(service: str, window: float) -> str:
    return f"{demand_share(service, window)} > {NEARLY_ALL}"
