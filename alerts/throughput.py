"""Throughput: tokens generated per second of demand. When nobody waits nothing is judged: idle is no fault.

Judged twice: the mean of minutes is the verdict and its ticket, and the share of demand time in which the target was
reached is what an error budget counts.
"""

from alerts.rule import Group
from alerts.slo import Events, Ticket, groups, records
from ragpulse.catalogue.vllm import DEMAND_SECONDS, DEMAND_TOKENS, DEMAND_WITHIN_TARGET
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective, in_demand
from ragpulse.promql import rate

THROUGHPUT_BELOW_TARGET = "ThroughputBelowTarget"

_TICKET = Ticket(
    THROUGHPUT_BELOW_TARGET,
    "{{ $value | humanize }} tokens/s while requests wait",
    "Requests queue while the engine generates fewer tokens than was promised.",
)


def rules(cluster: Cluster) -> list[Group]:
    shares = tuple(rule for objective in in_demand(cluster) for rule in records(cluster, objective, _seconds))
    return [*groups(cluster, "throughput", _events, _TICKET), *([Group("throughput_demand", shares)] if shares else [])]


def _seconds(_: Cluster, objective: Objective, window: float) -> Events:
    return Events(
        good=f"sum({rate(DEMAND_WITHIN_TARGET, window, service=objective.service)})",
        total=f"sum({rate(DEMAND_SECONDS, window, service=objective.service)})",
    )


def _events(_: Cluster, objective: Objective, window: float) -> Events:
    return Events(
        good=f"sum({rate(DEMAND_TOKENS, window, service=objective.service)})",
        total=f"sum({rate(DEMAND_SECONDS, window, service=objective.service)})",
    )
