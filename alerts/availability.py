"""Availability: the share of readiness probes that were answered, summed over everyone who probes."""

from alerts.rule import Group
from alerts.slo import Events, Ticket, groups
from ragpulse.catalogue.service import FAILURES, REQUESTS
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.promql import rate

_TICKET = Ticket(
    "AvailabilityBelowTarget",
    "{{ $value | humanizePercentage }} of probes answered",
    "Users find the service unreachable or unable to do its work more often than was promised.",
)


def rules(cluster: Cluster) -> list[Group]:
    return groups(cluster, "availability", _events, _TICKET)


def _events(_: Cluster, objective: Objective, window: float) -> Events:
    probe = {"service": objective.service, "check": objective.check}
    requests = f"sum({rate(REQUESTS, window, **probe)})"
    # The sum over reasons may exceed the requests by a rounding error; a missing failure counter means no failure.
    failures = f"(sum({rate(FAILURES, window, **probe)}) or {requests} * 0)"
    return Events(good=f"clamp_min({requests} - {failures}, 0)", total=requests)
