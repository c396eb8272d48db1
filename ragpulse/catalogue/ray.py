"""Ray: which nodes of the cluster live, against those that the cluster file expects, and what it lost."""

from ragpulse.metric import counter, gauge

EXPECTED_NODES = gauge("ragpulse_ray_expected_nodes", "Nodes that the cluster file gives this Ray cluster.", "service")
NODE_ALIVE = gauge("ragpulse_ray_node_alive", "1 while a node of the Ray cluster lives.", "service", "ray_node")
NODES_ALIVE = gauge("ragpulse_ray_nodes_alive", "Nodes of the Ray cluster that live.", "service")
TARGET_STATE = gauge(
    "ragpulse_ray_target_state",
    "Metrics page of a Ray node: 1 for its current state.",
    "service",
    "ray_node",
    "port",
    "state",
)
TARGET_STATES = ("answering", "vanished", "unreachable")
DISCOVERY_STATE = gauge(
    "ragpulse_ray_discovery_state", "The discovery file: 1 for its current state.", "service", "state"
)
DISCOVERY_STATES = ("present", "missing", "stale", "unreadable")
NODE_FAILURES = counter("ragpulse_ray_node_failures_total", "Nodes that Ray has declared dead.", "service")
ACTORS = gauge("ragpulse_ray_actors", "Actors, by state.", "service", "state")
TASKS = gauge("ragpulse_ray_tasks", "Tasks, by state.", "service", "state")
OBJECT_STORE_USED = gauge("ragpulse_ray_object_store_used_bytes", "Object store memory in use.", "service", "ray_node")
OBJECT_STORE_TOTAL = gauge(
    "ragpulse_ray_object_store_total_bytes", "Object store memory in all.", "service", "ray_node"
)
WORKER_EVICTIONS = counter(
    "ragpulse_ray_worker_evictions_total", "Workers ended because memory ran out.", "service", "ray_node"
)
GPUS_EXPECTED = gauge("ragpulse_ray_gpus_registered", "GPUs that Ray counts as its resource.", "service")
GPUS_SEEN = gauge("ragpulse_ray_gpus_reported", "GPUs that a node's metrics agent reports.", "service", "ray_node")
RANK = gauge(
    "ragpulse_ray_rank_info",
    "Which node runs which rank of an engine; source is assumed (order of the cluster file) or reported (by Ray).",
    "service",
    "rank",
    "ray_node",
    "source",
)
INFO = gauge("ragpulse_ray_info", "Version of Ray; always 1.", "service", "version")
