"""Response time: the share of answers that came within the promised time; a failed probe is a late one.

vLLM is judged by its own inter-token histogram of user traffic, and where it offers none by our canaries'; every other
service by our probes.
"""

from alerts.latency import explained_by_demand, within_edge
from alerts.rag import RAG_PATH_SLOW
from alerts.rule import Group
from alerts.slo import Events, Ticket, groups
from ragpulse.catalogue.service import REQUESTS, WITHIN_TARGET
from ragpulse.catalogue.vllm import ITL
from ragpulse.catalogue.vllm_canary import ITL as CANARY_ITL
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.promql import firing, rate
from ragpulse.services import Rag

_TICKET = Ticket(
    "ResponseTimeAboveTarget",
    "{{ $value | humanizePercentage }} of answers in time",
    "Answers take longer than was promised.",
)


def rules(cluster: Cluster) -> list[Group]:
    return groups(cluster, "response_time", _events, _TICKET, _explained)


def _explained(cluster: Cluster, objective: Objective) -> str:
    if isinstance(cluster.services[objective.service], Rag):
        return firing(RAG_PATH_SLOW, service=objective.service)  # and says which stage it is
    return explained_by_demand(cluster, objective)


def _events(_: Cluster, objective: Objective, window: float) -> Events:
    if objective.edge is not None:
        return within_edge(objective, window, ITL, CANARY_ITL)
    probe = {"service": objective.service, "check": objective.check}
    return Events(good=f"sum({rate(WITHIN_TARGET, window, **probe)})", total=f"sum({rate(REQUESTS, window, **probe)})")
