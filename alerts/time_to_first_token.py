"""Time to first token: the share of user requests whose first token came in time, by vLLM's own histogram.

Where it offers none, by that of our canaries.
"""

from alerts.latency import explained_by_demand, within_edge
from alerts.rule import Group
from alerts.slo import Events, Ticket, groups
from ragpulse.catalogue.vllm import TTFT
from ragpulse.catalogue.vllm_canary import TTFT as CANARY_TTFT
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective

_TICKET = Ticket(
    "TimeToFirstTokenAboveTarget",
    "{{ $value | humanizePercentage }} of first tokens in time",
    "Users wait longer than was promised before the answer begins.",
)


def rules(cluster: Cluster) -> list[Group]:
    return groups(cluster, "time_to_first_token", _events, _TICKET, explained_by_demand)


def _events(_: Cluster, objective: Objective, window: float) -> Events:
    return within_edge(objective, window, TTFT, CANARY_TTFT)
