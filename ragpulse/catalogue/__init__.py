"""Every metric that ragpulse exposes, declared once: sources, rules, boards and documents refer to these."""

from types import ModuleType

from ragpulse.catalogue import (
    agent,
    backup,
    chroma,
    chroma_recall,
    gpu,
    gpu_errors,
    gpu_use,
    maintenance,
    memory,
    network,
    node,
    rag,
    ray,
    rdma,
    relay,
    service,
    vllm,
    vllm_canary,
)
from ragpulse.metric import Metric

COMPONENTS: dict[str, ModuleType] = {
    "agent": agent,
    "service": service,
    "node": node,
    "network": network,
    "rdma": rdma,
    "gpu": gpu,
    "gpu_errors": gpu_errors,
    "gpu_use": gpu_use,
    "vllm": vllm,
    "vllm_canary": vllm_canary,
    "ray": ray,
    "chroma": chroma,
    "chroma_recall": chroma_recall,
    "memory": memory,
    "rag": rag,
    "backup": backup,
    "relay": relay,
    "maintenance": maintenance,
}


def entries(component: ModuleType) -> tuple[Metric, ...]:
    """The metrics of one component in the order of their declaration."""
    return tuple(value for value in vars(component).values() if isinstance(value, Metric))


ALL: tuple[Metric, ...] = tuple(metric for module in COMPONENTS.values() for metric in entries(module))
BY_NAME: dict[str, Metric] = {metric.name: metric for metric in ALL}
