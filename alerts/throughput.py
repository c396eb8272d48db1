"""Throughput: tokens generated per second of demand. When nobody waits nothing is judged: idle is no fault."""

from alerts.rule import Group
from alerts.slo import Events, Ticket, groups
from ragpulse.catalogue.vllm import DEMAND_SECONDS, DEMAND_TOKENS
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.promql import rate

THROUGHPUT_BELOW_TARGET = "ThroughputBelowTarget"

_TICKET = Ticket(
    THROUGHPUT_BELOW_TARGET,
    "{{ $value | humanize }} tokens/s while requests wait",
    "Requests queue while the engine generates fewer tokens than was promised.",
)


def rules(cluster: Cluster) -> list[Group]:
    return groups(cluster, "throughput", _events, _TICKET)


def _events(_: Cluster, objective: Objective, window: float) -> Events:
    return Events(
        good=f"sum({rate(DEMAND_TOKENS, window, service=objective.service)})",
        total=f"sum({rate(DEMAND_SECONDS, window, service=objective.service)})",
    )
