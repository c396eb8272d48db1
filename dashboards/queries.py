"""What the boards ask Prometheus: functions of the catalogue and of the recorded names, so no name is written twice."""

from ragpulse.catalogue import node, vllm
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.objectives import Slo, objectives
from ragpulse.promql import Pattern, instant, rate, series
from ragpulse.recorded import COMPONENT_STATE, SLO_OBJECTIVE, long_window, slo_met, slo_value

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")
_WINDOW = "$__rate_interval"


def verdict(cluster: Cluster, slo: Slo) -> str:
    """0 when one is missed; 1 when all are met and each one that is probed has a verdict; else nothing."""
    worst = f"min({series(slo_met(cluster), cluster=_CLUSTER, slo=slo)})"
    probed = [o.service for o in objectives(cluster) if o.slo == slo and o.probed and not o.unmeasured]
    if not probed:
        return worst
    judged = f"count({series(slo_met(cluster), cluster=_CLUSTER, slo=slo, service=tuple(probed))})"
    return f"{worst} == 0 or {worst} and on () {judged} == {len(probed)}"


def pages() -> str:
    return f"count({series('ALERTS', alertstate='firing', severity='page')}) or vector(0)"


def component_states() -> str:
    return f"max by (component, kind) ({series(COMPONENT_STATE, cluster=_CLUSTER)})"


def attained(cluster: Cluster, slo: Slo) -> str:
    return series(slo_value(long_window(cluster)), cluster=_CLUSTER, slo=slo)


def objective(slo: Slo) -> str:
    return f"max({series(SLO_OBJECTIVE, cluster=_CLUSTER, slo=slo)})"


def cpu_busy() -> str:
    idle = _sum_by("node", _node_rate(node.CPU_SECONDS, mode="idle"))
    return f"1 - {idle} / {_sum_by('node', _node_rate(node.CPU_SECONDS))}"


def memory_used() -> str:
    available = instant(node.MEMORY_AVAILABLE, cluster=_CLUSTER, node=_NODE)
    return f"1 - {available} / {instant(node.MEMORY_TOTAL, cluster=_CLUSTER, node=_NODE)}"


def pressure() -> str:
    return _sum_by("node, resource", _node_rate(node.PRESSURE_WAITING))


def generated_tokens() -> str:
    return _sum_by("service", rate(vllm.GENERATION_TOKENS, _WINDOW, cluster=_CLUSTER))


def prompt_tokens() -> str:
    return _sum_by("service", rate(vllm.PROMPT_TOKENS, _WINDOW, cluster=_CLUSTER))


def running() -> str:
    return _sum_by("service", instant(vllm.REQUESTS_RUNNING, cluster=_CLUSTER))


def waiting() -> str:
    return _sum_by("service", instant(vllm.REQUESTS_WAITING, cluster=_CLUSTER))


def _node_rate(metric: Metric, **labels: str) -> str:
    return rate(metric, _WINDOW, cluster=_CLUSTER, node=_NODE, **labels)


def _sum_by(labels: str, expression: str) -> str:
    return f"sum by ({labels}) ({expression})"
