"""The targets on boards: a tile that judges each kind of target, and a graph of what was attained."""

from dashboards import queries
from dashboards.links import Down
from dashboards.panel import Panel
from dashboards.panels import Limits, Line, trend
from dashboards.panels import verdict as tile
from ragpulse import budget
from ragpulse.inventory import Cluster
from ragpulse.objectives import Slo, objectives

_TITLES: dict[Slo, str] = {
    "availability": "Availability",
    "response_time": "Response time",
    "time_to_first_token": "Time to first token",
    "throughput": "Throughput",
    "gpu_utilization": "GPU utilisation",
}
_MEANING: dict[Slo, str] = {
    "availability": "Share of readiness probes that were answered.",
    "response_time": "Share of answers within the promised time.",
    "time_to_first_token": "Share of user requests whose first token came within the promised time.",
    "throughput": "Tokens generated per second while requests wait.",
    "gpu_utilization": "Share of time in which the GPUs were busy, judged only while requests wait.",
}
# Of the budget that is left: time to stop what is risky; the promise is broken. There is no end to how far it can be.
BUDGET_LIMITS = Limits(warning=0.25, bad=0)
OVERSPENT = -1e9
BURN_LIMITS = Limits(warning=budget.TICKET[0].factor, bad=budget.PAGE[0].factor)
_RATIO, _TOKENS_PER_SECOND = "percentunit", "tok/s"


def slos(cluster: Cluster) -> list[Slo]:
    """Each kind of target that this cluster has, once, in the order of its objectives."""
    return list(dict.fromkeys(objective.slo for objective in objectives(cluster)))


def verdict(cluster: Cluster, slo: Slo, *down: Down) -> Panel:
    return tile(
        _TITLES[slo],
        f"{_MEANING[slo]} Missed when one service misses its objective now and over the last minutes; `No traffic`:"
        " nobody asks for anything; grey: of one nothing is known. A click shows which service it is; then look"
        " at its alert.",
        queries.verdict(cluster, slo),
        *down,
    )


def attained_title(slo: Slo) -> str:
    return f"{_TITLES[slo]}: attained and objective"


def attained(cluster: Cluster, slo: Slo, *down: Down) -> Panel:
    is_ratio = slo != "throughput"
    return trend(
        attained_title(slo),
        f"{_MEANING[slo]} A line below the dashed objective misses it: look at that service; a gap means that there was"
        " nothing to judge.",
        [
            Line(queries.attained(cluster, slo), "{{service}}"),
            Line(queries.objective(cluster, slo), "objective", target=True),
        ],
        _RATIO if is_ratio else _TOKENS_PER_SECOND,
        *down,
        top=1 if is_ratio else None,
    )
