"""A memory service: the numbers that it tells about itself."""

from ragpulse.metric import gauge

GAUGE = gauge(
    "ragpulse_memory_reading",
    "A number from the service's own status page, named in the cluster file.",
    "service",
    "name",
)
