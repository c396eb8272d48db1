"""Availability: the share of readiness probes that were answered, summed over everyone who probes.

vLLM is judged by its canaries, as long as any are sent: its pages answer while nothing is generated. One that met a
full engine (`saturated`) is late and no outage: it counts neither as good nor at all.
"""

from alerts.rule import Group
from alerts.slo import Events, Ticket, groups
from ragpulse.catalogue.service import FAILURES, REQUESTS
from ragpulse.catalogue.vllm_canary import CHECK as CANARY
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.promql import rate

_WITHOUT_CANARIES = "ready"

_TICKET = Ticket(
    "AvailabilityBelowTarget",
    "{{ $value | humanizePercentage }} of probes answered",
    "Users find the service unreachable or unable to do its work more often than was promised.",
)


def rules(cluster: Cluster) -> list[Group]:
    return groups(cluster, "availability", _events, _TICKET)


def _events(_: Cluster, objective: Objective, window: float) -> Events:
    judged = _answered(objective.service, objective.check, window)
    if objective.check != CANARY:
        return judged
    by_pages = _answered(objective.service, _WITHOUT_CANARIES, window)
    sent = f"sum({rate(REQUESTS, window, service=objective.service, check=CANARY)}) > 0"
    return Events(
        good=f"({judged.good} and {sent}) or ({by_pages.good} unless {sent})",
        total=f"({judged.total} and {sent}) or ({by_pages.total} unless {sent})",
    )


def _answered(service: str, check: str, window: float) -> Events:
    requests = f"sum({rate(REQUESTS, window, service=service, check=check)})"
    failures = _failures(service, check, window, requests)
    total = requests
    if check == CANARY:
        total = f"clamp_min({requests} - {_failures(service, check, window, requests, reason='saturated')}, 0)"
    # The sum over reasons may exceed the requests by a rounding error.
    return Events(good=f"clamp_min({requests} - {failures}, 0)", total=total)


def _failures(service: str, check: str, window: float, requests: str, **reason: str) -> str:
    """A missing counter means no failure."""
    return f"(sum({rate(FAILURES, window, service=service, check=check, **reason)}) or {requests} * 0)"
