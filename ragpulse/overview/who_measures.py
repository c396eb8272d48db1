"""Of the agents that an objective or a component rests on: which are down?"""

from ragpulse.overview.answers import Answers


def missing(nodes: tuple[str, ...], answers: Answers) -> tuple[str, ...]:
    """Those whose agent Prometheus does not reach, or does not know."""
    return tuple(node for node in nodes if not answers.agent_up.get(node, False))


def nobody(nodes: tuple[str, ...], answers: Answers) -> str:
    """Why none of them tells: they are down, or nothing was ever heard of them."""
    if any(node in answers.agent_up for node in nodes):
        return agents_are_down(nodes)
    return f"Prometheus knows nothing yet of agent{'s' * (len(nodes) > 1)} {', '.join(nodes)}"


def agents_are_down(nodes: tuple[str, ...]) -> str:
    return f"agent {nodes[0]} is down" if len(nodes) == 1 else f"agents {', '.join(nodes)} are down"
