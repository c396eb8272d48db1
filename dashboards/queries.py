"""What the boards ask Prometheus: functions of the catalogue and of the recorded names, so no name is written twice."""

from ragpulse.catalogue import gpu, gpu_errors, gpu_use, node
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.objectives import Slo, objectives
from ragpulse.promql import Pattern, increase, instant, rate, series
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
    return f"1 - {_of_nodes(node.MEMORY_AVAILABLE)} / {_of_nodes(node.MEMORY_TOTAL)}"


def pressure() -> str:
    return _sum_by("node, resource", _node_rate(node.PRESSURE_WAITING))


def gpu_busy() -> str:
    """The true mean over each step, from every sample of the driver."""
    return f"{_node_rate(gpu.BUSY)} / {_node_rate(gpu.OBSERVED)}"


def gpu_bands() -> str:
    bands = _node_rate(gpu.BAND)
    return f"{_sum_by('band', bands)} / on () group_left () sum({bands})"


def gpu_memory_used() -> str:
    return f"{_of_nodes(gpu.MEMORY_USED)} / {_of_nodes(gpu.MEMORY_TOTAL)}"


def gpu_power() -> str:
    return _node_rate(gpu.ENERGY)


def gpu_clock() -> str:
    return f"{_of_nodes(gpu.CLOCK, clock='sm')} / {_of_nodes(gpu.CLOCK_MAX, clock='sm')}"


def gpu_temperature() -> str:
    return _of_nodes(gpu.TEMPERATURE)


def gpu_temperature_margin() -> str:
    return _of_nodes(gpu.TEMPERATURE_MARGIN)


def gpu_throttled() -> str:
    return _node_rate(gpu.THROTTLED)


def gpu_xid_errors() -> str:
    return increase(gpu_errors.XID, _WINDOW, cluster=_CLUSTER, node=_NODE)


def gpu_consumer_memory() -> str:
    return _of_nodes(gpu_use.CONSUMER_MEMORY)


def gpu_consumer_time() -> str:
    return _of_nodes(gpu_use.CONSUMER_SM)


def _of_nodes(metric: Metric, **labels: str) -> str:
    return instant(metric, cluster=_CLUSTER, node=_NODE, **labels)


def _node_rate(metric: Metric, **labels: str) -> str:
    return rate(metric, _WINDOW, cluster=_CLUSTER, node=_NODE, **labels)


def _sum_by(labels: str, expression: str) -> str:
    return f"sum by ({labels}) ({expression})"
