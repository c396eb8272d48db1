"""The list of components that have rules, one module each, and a rule file each."""

from collections.abc import Callable

from alerts import (
    availability,
    chroma,
    component_state,
    gpu_utilization,
    monitoring,
    node,
    response_time,
    service,
    throughput,
    time_to_first_token,
)
from alerts.rule import Group
from ragpulse.inventory import Cluster

COMPONENTS: dict[str, Callable[[Cluster], list[Group]]] = {
    "monitoring": monitoring.rules,
    "node": node.rules,
    "service": service.rules,
    "chroma": chroma.rules,
    "component_state": component_state.rules,
    "availability": availability.rules,
    "response_time": response_time.rules,
    "time_to_first_token": time_to_first_token.rules,
    "throughput": throughput.rules,
    "gpu_utilization": gpu_utilization.rules,
}
