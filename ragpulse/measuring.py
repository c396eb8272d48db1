"""Whose agents tell of an objective, and how many of them may be silent before nothing is known of it?"""

from ragpulse.catalogue.vllm_canary import CHECK as CANARY
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.vantage import canary_nodes, home, vantages


def measuring_nodes(cluster: Cluster, objective: Objective) -> tuple[str, ...]:
    if objective.slo == "gpu_utilization":
        return cluster.services[objective.service].nodes
    if objective.slo == "throughput" or objective.edge is not None:
        return (home(cluster, objective.service),)
    if objective.check == CANARY:
        return canary_nodes(cluster, objective.service)
    return vantages(cluster, objective.service)


def takes_all(objective: Objective) -> bool:
    """Each of its nodes knows a part of its own, as of its GPUs; those who probe the same thing can do without one."""
    return objective.slo == "gpu_utilization"
