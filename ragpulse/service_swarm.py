"""Docker Swarm in the cluster file."""

from typing import Literal

from ragpulse.service import Service


class Swarm(Service):
    kind: Literal["swarm"]
    """Docker Swarm; accepted, not watched yet"""
