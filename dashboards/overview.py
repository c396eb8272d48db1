"""The board that answers first: are we inside the targets, and which component is to blame?"""

from collections.abc import Iterator
from typing import Any

from dashboards import gpus, queries, vllm
from dashboards.panels import Folded, Line, Row, board, component_states, count_of_bad, trend, verdict
from ragpulse.inventory import Cluster
from ragpulse.objectives import Slo, objectives
from ragpulse.services import Vllm

UID = "ragpulse-overview"

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
_VERDICT_HEIGHT, _STATES_HEIGHT, _TREND_HEIGHT = 4, 5, 8
_RATIO, _TOKENS_PER_SECOND = "percentunit", "tok/s"


def build(cluster: Cluster) -> dict[str, Any]:
    question = "Are we inside our targets, and what is breaking them?"
    return board(cluster, UID, "ragpulse / Overview", question, _rows(cluster))


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    # In the order of the cluster's objectives, each kind once.
    slos = list(dict.fromkeys(objective.slo for objective in objectives(cluster)))
    yield Row([*(_verdict(cluster, slo) for slo in slos), _pages()], _VERDICT_HEIGHT)
    yield Row([_states()], _STATES_HEIGHT)
    for index in range(0, len(slos), 2):
        title = "" if index else "Targets"
        yield Row([_attained(cluster, slo) for slo in slos[index : index + 2]], _TREND_HEIGHT, title)
    yield Row([_cpu(), _memory(), _pressure()], _TREND_HEIGHT, "Nodes")
    if cluster.reads_gpus():
        yield from gpus.rows(cluster)
    if cluster.of_kind(Vllm):
        yield from vllm.rows(cluster)


def _verdict(cluster: Cluster, slo: Slo) -> Any:
    return verdict(
        _TITLES[slo],
        f"{_MEANING[slo]} Missed when one service misses its objective now and over the last minutes; grey while there"
        " is nothing to judge, or a service that we probe has no verdict. Look below which service it is, then at its"
        " alert.",
        queries.verdict(cluster, slo),
    )


def _pages() -> Any:
    return count_of_bad(
        "Pages firing",
        "Alerts that ask somebody to act now. The Overview page lists them with their runbooks.",
        queries.pages(),
    )


def _states() -> Any:
    return component_states(
        "Components",
        "Every node, service and backup as the rules see it; unknown is what nobody measures. Degraded: a service that"
        " answers but cannot do its work, or a node of which something cannot be read.",
        queries.component_states(),
    )


def _attained(cluster: Cluster, slo: Slo) -> Any:
    is_ratio = slo != "throughput"
    return trend(
        f"{_TITLES[slo]}: attained and objective",
        f"{_MEANING[slo]} A line below the dashed objective misses it; a gap means that there was nothing to judge.",
        [Line(queries.attained(cluster, slo), "{{service}}"), Line(queries.objective(slo), "objective", target=True)],
        _RATIO if is_ratio else _TOKENS_PER_SECOND,
        top=1 if is_ratio else None,
    )


def _cpu() -> Any:
    return trend(
        "CPU busy",
        "Share of processor time that is not idle. Near the top for long: look for what else runs there.",
        [Line(queries.cpu_busy(), "{{node}}")],
        _RATIO,
        top=1,
    )


def _memory() -> Any:
    return trend(
        "Memory used",
        "Share of memory that cannot be had without swapping. Where CPU and GPU share it, model and KV cache count too;"
        " near the top the kernel begins to kill.",
        [Line(queries.memory_used(), "{{node}}")],
        _RATIO,
        top=1,
    )


def _pressure() -> Any:
    return trend(
        "Pressure",
        "Share of time in which some task waited for a resource (PSI). It rises before requests become slow: find the"
        " resource, then who uses it.",
        [Line(queries.pressure(), "{{node}} {{resource}}")],
        _RATIO,
        top=1,
    )
