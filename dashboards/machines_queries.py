"""What the board asks of nodes and GPUs."""

from ragpulse.catalogue import gpu, gpu_errors, gpu_use, node
from ragpulse.metric import Metric
from ragpulse.promql import Pattern, increase, instant, rate

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")
_WINDOW = "$__rate_interval"


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
