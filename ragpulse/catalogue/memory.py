"""A memory service: the numbers that it tells about itself, and how long a memory takes to be readable."""

from ragpulse.metric import gauge, histogram

# Why a request failed, besides the reasons that every probe has. `stale`: the time in the answer is not that of now.
# `lost`: a memory was accepted, and did not become readable in time.
STALE, LOST = "stale", "lost"
# The checks of a round trip; those of the probe are `health`, `ready` and `search`.
WRITE, READ_BACK, DELETE = "write", "read_back", "delete"

GAUGE = gauge(
    "ragpulse_memory_reading",
    "A number from the service's own status page, named in the cluster file.",
    "service",
    "name",
)
READABLE_AFTER = histogram(
    "ragpulse_memory_write_to_readable_seconds",
    "Time from a memory being accepted to the request that first found it.",
    "service",
)
LEFTOVERS = gauge(
    "ragpulse_memory_leftovers", "Memories of our own round trips that could not be deleted yet.", "service"
)
