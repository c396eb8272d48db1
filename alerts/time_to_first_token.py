"""Time to first token: the share of user requests whose first token came in time, by vLLM's own histogram."""

from alerts.rule import Group
from alerts.slo import Events, Ticket, groups
from ragpulse.catalogue.vllm import TTFT
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.promql import bucket_rate, events_rate

_TICKET = Ticket(
    "TimeToFirstTokenAboveTarget",
    "{{ $value | humanizePercentage }} of first tokens in time",
    "Users wait longer than was promised before the answer begins.",
)


def rules(cluster: Cluster) -> list[Group]:
    return groups(cluster, "time_to_first_token", _events, _TICKET)


def _events(_: Cluster, objective: Objective, window: float) -> Events:
    edge = objective.edge
    if edge is None:
        raise ValueError(f"{objective.service} has no bucket to judge and must be marked unmeasured")
    return Events(
        good=f"sum({bucket_rate(TTFT, edge, window, service=objective.service)})",
        total=f"sum({events_rate(TTFT, window, service=objective.service)})",
    )
