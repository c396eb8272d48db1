"""Response time: the share of answers that came within the promised time; a failed probe is a late one.

vLLM is judged by its own inter-token histogram of user traffic, every other service by our probes.
"""

from alerts.rule import Group
from alerts.slo import Events, Ticket, groups
from ragpulse.catalogue.service import REQUESTS, WITHIN_TARGET
from ragpulse.catalogue.vllm import ITL
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.promql import bucket_rate, events_rate, rate

_TICKET = Ticket(
    "ResponseTimeAboveTarget",
    "{{ $value | humanizePercentage }} of answers in time",
    "Answers take longer than was promised.",
)


def rules(cluster: Cluster) -> list[Group]:
    return groups(cluster, "response_time", _events, _TICKET)


def _events(_: Cluster, objective: Objective, window: float) -> Events:
    if objective.edge is not None:
        return Events(
            good=f"sum({bucket_rate(ITL, objective.edge, window, service=objective.service)})",
            total=f"sum({events_rate(ITL, window, service=objective.service)})",
        )
    probe = {"service": objective.service, "check": objective.check}
    return Events(good=f"sum({rate(WITHIN_TARGET, window, **probe)})", total=f"sum({rate(REQUESTS, window, **probe)})")
