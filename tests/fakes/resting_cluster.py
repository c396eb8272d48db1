"""The cluster of the rule tests while nothing is broken: all that its rules read, at what it says then."""

from tests.fakes.resting_nodes import nodes
from tests.fakes.resting_services import services
from tests.fakes.resting_values import Pace


def at_rest(steps: int, step: int) -> dict[str, str]:
    """Name of a series → its values. steps: how many follow the first; step: seconds between two."""
    pace = Pace(steps, step)
    return nodes(pace) | services(pace)
