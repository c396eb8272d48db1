"""Which agents' data an objective or a component rests on, and which of them are down."""

from ragpulse.catalogue.vllm_canary import CHECK as CANARY
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.overview.answers import Answers
from ragpulse.vantage import canary_nodes, home, vantages


def measuring_nodes(cluster: Cluster, objective: Objective) -> tuple[str, ...]:
    if objective.slo == "gpu_utilization":
        return cluster.services[objective.service].nodes
    if objective.slo == "throughput" or objective.edge is not None:
        return (home(cluster, objective.service),)
    if objective.check == CANARY:
        return canary_nodes(cluster, objective.service)
    return vantages(cluster, objective.service)


def missing(nodes: tuple[str, ...], answers: Answers) -> tuple[str, ...]:
    """Those whose agent Prometheus does not reach, or does not know."""
    return tuple(node for node in nodes if not answers.agent_up.get(node, False))


def agents_are_down(nodes: tuple[str, ...]) -> str:
    return f"agent {nodes[0]} is down" if len(nodes) == 1 else f"agents {', '.join(nodes)} are down"
