"""What the board asks of nodes and GPUs."""

from dashboards.queries import living
from ragpulse.catalogue import gpu, gpu_errors, gpu_use, node
from ragpulse.metric import Metric
from ragpulse.promql import Pattern, Window, increase, instant, rate, series
from ragpulse.recorded import COMPONENT_STATE

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")
_WINDOW = "$__rate_interval"
_RECENT = 300.0  # seconds


def cpu_busy(window: Window = _WINDOW) -> str:
    idle = _sum_by("node", _node_rate(node.CPU_SECONDS, window, mode="idle"))
    return f"1 - {idle} / {_sum_by('node', _node_rate(node.CPU_SECONDS, window))}"


def memory_used() -> str:
    return f"1 - {_of_nodes(node.MEMORY_AVAILABLE)} / {_of_nodes(node.MEMORY_TOTAL)}"


def pressure(window: Window = _WINDOW) -> str:
    return _sum_by("node, resource", _node_rate(node.PRESSURE_WAITING, window))


def node_state() -> str:
    """By `node`, as other columns are, and not by `component`."""
    states = series(COMPONENT_STATE, cluster=_CLUSTER, kind="node")
    return f'max by (node) (label_replace({states}, "node", "$1", "component", "(.*)"))'


def now_cpu_busy() -> str:
    return living(cpu_busy(_RECENT))


def now_memory_used() -> str:
    return f"max by (node) ({memory_used()})"


def now_pressure() -> str:
    """Of the resource that is waited for most."""
    return living(f"max by (node) ({pressure(_RECENT)})")


def now_gpu_busy() -> str:
    return living(f"avg by (node) ({gpu_busy(_RECENT)})")


def hottest() -> str:
    return f"max by (node) ({gpu_temperature()})"


def uptime() -> str:
    return f"time() - max by (node) ({_of_nodes(node.BOOT_TIME)})"


def gpu_busy(window: Window = _WINDOW) -> str:
    """The true mean over each step, from every sample of the driver."""
    return f"{_node_rate(gpu.BUSY, window)} / {_node_rate(gpu.OBSERVED, window)}"


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


def _node_rate(metric: Metric, window: Window = _WINDOW, **labels: str) -> str:
    return rate(metric, window, cluster=_CLUSTER, node=_NODE, **labels)


def _sum_by(labels: str, expression: str) -> str:
    return f"sum by ({labels}) ({expression})"
