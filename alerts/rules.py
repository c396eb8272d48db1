"""The list of components that have rules, one module each, and a rule file each."""

from collections.abc import Callable

from alerts import (
    availability,
    backup,
    budget,
    chroma,
    component_state,
    gpu,
    gpu_errors,
    gpu_headroom,
    gpu_limits,
    gpu_utilization,
    memory,
    monitoring,
    node,
    node_memory,
    ray,
    ray_losses,
    response_time,
    service,
    throughput,
    time_to_first_token,
    vllm,
    vllm_demand,
    vllm_errors,
    vllm_sight,
)
from alerts.rule import Group
from ragpulse.inventory import Cluster

COMPONENTS: dict[str, Callable[[Cluster], list[Group]]] = {
    "monitoring": monitoring.rules,
    "node": node.rules,
    "node_memory": node_memory.rules,
    "gpu": gpu.rules,
    "gpu_errors": gpu_errors.rules,
    "gpu_limits": gpu_limits.rules,
    "service": service.rules,
    "chroma": chroma.rules,
    "memory": memory.rules,
    "vllm": vllm.rules,
    "vllm_demand": vllm_demand.rules,
    "vllm_errors": vllm_errors.rules,
    "vllm_sight": vllm_sight.rules,
    "ray": ray.rules,
    "ray_losses": ray_losses.rules,
    "backup": backup.rules,
    "component_state": component_state.rules,
    "availability": availability.rules,
    "response_time": response_time.rules,
    "time_to_first_token": time_to_first_token.rules,
    "throughput": throughput.rules,
    "gpu_utilization": gpu_utilization.rules,
    "gpu_headroom": gpu_headroom.rules,
    "budget": budget.rules,
}
