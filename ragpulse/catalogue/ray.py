"""Ray: which nodes of the cluster live, against those that the cluster file expects, and what it lost."""

from ragpulse.metric import counter, gauge

EXPECTED_NODES = gauge("ragpulse_ray_expected_nodes", "Nodes that the cluster file gives this Ray cluster.", "service")
NODE_ALIVE = gauge(
    "ragpulse_ray_node_alive",
    "1 while a node of the Ray cluster lives, as its head sees it; absent while the head cannot be read.",
    "service",
    "ray_node",
)
NODES_ALIVE = gauge("ragpulse_ray_nodes_alive", "Nodes of the Ray cluster that live, as its head counts.", "service")
UNKNOWN_NODES = gauge(
    "ragpulse_ray_unknown_nodes",
    "Nodes of Ray that live at an address that no node of this service has in the cluster file.",
    "service",
)
DASHBOARD_STATE = gauge(
    "ragpulse_ray_dashboard_state",
    "Dashboard and state API on the head: 1 for the current state; refusing: it wants another token.",
    "service",
    "state",
)
DASHBOARD_STATES = ("answering", "refusing", "wrong", "unreachable")
TARGET_STATE = gauge(
    "ragpulse_ray_target_state",
    "Metrics page of a Ray node: 1 for its current state; wrong: what answers there is no page of metrics.",
    "service",
    "ray_node",
    "port",
    "state",
)
TARGET_STATES = ("answering", "wrong", "unreachable")
TARGET_LISTED = gauge(
    "ragpulse_ray_target_listed",
    "1 while Ray's list of metrics pages names a page of the node: a dead node vanishes from it.",
    "service",
    "ray_node",
)
DISCOVERY_STATE = gauge(
    "ragpulse_ray_discovery_state",
    "The discovery file: 1 for its current state; stale: Ray, which writes it every 5 s, has stopped writing.",
    "service",
    "state",
)
DISCOVERY_STATES = ("present", "missing", "stale", "unreadable")
NODE_FAILURES = counter(
    "ragpulse_ray_node_failures_total", "Nodes that Ray has declared dead, since its head started.", "service"
)
ACTORS = gauge(
    "ragpulse_ray_actors",
    "Actors, by state. DEAD counts all that ever ended, of which a killed one is one. Sum over the nodes.",
    "service",
    "state",
)
ACTOR_STATES = (
    "DEPENDENCIES_UNREADY", "PENDING_CREATION", "ALIVE", "RESTARTING", "DEAD", "ALIVE_IDLE", "ALIVE_RUNNING_TASKS",
)  # fmt: skip
TASKS = gauge(
    "ragpulse_ray_tasks",
    "Tasks, by state. Who owns and who runs a task each say a part, which may be negative: sum over the nodes.",
    "service",
    "state",
)
TASK_STATES = (
    "PENDING_ARGS_AVAIL", "PENDING_NODE_ASSIGNMENT", "PENDING_OBJ_STORE_MEM_AVAIL", "PENDING_ARGS_FETCH",
    "SUBMITTED_TO_WORKER", "PENDING_ACTOR_TASK_ARGS_FETCH", "PENDING_ACTOR_TASK_ORDERING_OR_CONCURRENCY",
    "GETTING_AND_PINNING_ARGS", "RUNNING", "RUNNING_IN_RAY_GET", "RUNNING_IN_RAY_WAIT", "FINISHED", "FAILED",
)  # fmt: skip
OBJECT_STORE_USED = gauge("ragpulse_ray_object_store_used_bytes", "Object store memory in use.", "service", "ray_node")
OBJECT_STORE_TOTAL = gauge(
    "ragpulse_ray_object_store_total_bytes", "Object store memory in all.", "service", "ray_node"
)
WORKER_EVICTIONS = counter(
    "ragpulse_ray_worker_evictions_total", "Workers ended because memory ran out.", "service", "ray_node"
)
GPUS_REGISTERED = gauge(
    "ragpulse_ray_gpus_registered", "GPUs that Ray counts as a resource of the node.", "service", "ray_node"
)
GPUS_REPORTED = gauge(
    "ragpulse_ray_gpus_reported",
    "GPUs that the node's metrics agent reports; on a GB10 always 0, whatever is registered.",
    "service",
    "ray_node",
)
RANK = gauge(
    "ragpulse_ray_rank_info",
    "Which node runs which rank of an engine; source is assumed (order of the cluster file) or reported (by Ray).",
    "service",
    "rank",
    "ray_node",
    "source",
)
INFO = gauge("ragpulse_ray_info", "Version of Ray; always 1.", "service", "version")
