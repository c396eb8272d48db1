"""What the board asks of one machine."""

from dashboards import queries
from ragpulse.catalogue import agent, gpu, network, node, service
from ragpulse.metric import Metric
from ragpulse.promql import Matcher, Pattern, increase, instant, rate, series
from ragpulse.recorded import COMPONENT_STATE

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")
_WINDOW = "$__rate_interval"
_RECENT, _HOUR = 300.0, 3600.0  # seconds
_MISSED_INTERVALS = 3
_FEW = 15
_BUSY_MODES = tuple(mode for mode in node.CPU_MODES if mode != "idle")


def state() -> str:
    return queries.component_states(kind="node", component=_NODE)


def alerts() -> str:
    return queries.alerts(severity=("page", "ticket"), node=_NODE)


def silent_sources() -> str:
    last, interval = _of_node(agent.SOURCE_LAST_SUCCESS), _of_node(agent.SOURCE_INTERVAL)
    return queries.how_many(f"timestamp({last}) - {last} > {_MISSED_INTERVALS} * {interval}", last)


def filesystems_astray() -> str:
    """Those that answer with errors, or that cannot be written."""
    flags = f"({_by_mount(node.FILESYSTEM_UNREADABLE)} or {_by_mount(node.FILESYSTEM_READONLY)})"
    either = f"{_by_mount(node.FILESYSTEM_UNREADABLE)} == 1 or {_by_mount(node.FILESYSTEM_READONLY)} == 1"
    return queries.how_many(either, flags)


def killed() -> str:
    """Nothing once an agent is silent, though the hour still holds what it said."""
    kills = f"sum({queries.living(increase(node.OOM_KILLS, _HOUR, cluster=_CLUSTER, node=_NODE))})"
    return queries.over_all(kills, 1)


def links_down() -> str:
    up = _of_node(network.LINK_UP)
    return queries.how_many(f"{up} == 0", up)


def gpus_lost() -> str:
    up = _of_node(gpu.UP)
    return queries.how_many(f"{up} == 0", up)


def clock_astray() -> str:
    synchronised = _of_node(node.CLOCK_SYNCHRONISED)
    return queries.how_many(f"{synchronised} == 0", synchronised)


def processor_modes() -> str:
    """Shares of the time of all cores, without idle."""
    busy = f"sum by (mode) ({_rate(node.CPU_SECONDS, mode=_BUSY_MODES)})"
    return f"{busy} / on () group_left () sum({_rate(node.CPU_SECONDS)})"


def load_per_processor() -> str:
    return f"{_of_node(node.LOAD)} / on (node) group_left () {_of_node(node.CPU_COUNT)}"


def memory_used() -> str:
    return f"1 - {_of_node(node.MEMORY_AVAILABLE)} / {_of_node(node.MEMORY_TOTAL)}"


def swap_used() -> str:
    return f"1 - {_of_node(node.SWAP_FREE)} / ({_of_node(node.SWAP_TOTAL)} > 0)"


def waiting() -> str:
    return f"sum by (resource) ({_rate(node.PRESSURE_WAITING)})"


def stalled() -> str:
    return f"sum by (resource) ({_rate(node.PRESSURE_STALLED)})"


def paging() -> tuple[str, str]:
    """Bytes read back from swap, and bytes written to it, per second."""
    return _rate(node.SWAPPED_IN), _rate(node.SWAPPED_OUT)


def filesystem_size() -> str:
    return _by_mount(node.FILESYSTEM_SIZE)


def filesystem_available() -> str:
    return _by_mount(node.FILESYSTEM_AVAILABLE)


def filesystem_used() -> str:
    return f"1 - {_by_mount(node.FILESYSTEM_AVAILABLE)} / ({_by_mount(node.FILESYSTEM_SIZE)} > 0)"


def inodes_free() -> str:
    return _by_mount(node.FILESYSTEM_INODES_FREE)


def disk_busy() -> str:
    return _rate(node.DISK_BUSY)


def disk_read() -> str:
    return _rate(node.DISK_READ)


def disk_written() -> str:
    return _rate(node.DISK_WRITTEN)


def received() -> str:
    return _rate(network.RECEIVED)


def sent() -> str:
    return _rate(network.SENT)


def damaged() -> str:
    return _rate(network.ERRORS)


def dropped() -> str:
    return _rate(network.DROPPED)


def temperatures() -> str:
    return f"topk({_FEW}, {_of_node(node.TEMPERATURE)})"


def lowest_critical_temperature() -> str:
    return f"min({_of_node(node.TEMPERATURE_CRITICAL)} > 0)"


def clock_offset() -> str:
    return f"abs({_of_node(node.CLOCK_OFFSET)})"


def processes() -> str:
    return _of_node(node.PROCESSES)


def gpu_up() -> str:
    return f"max by (gpu) ({_of_node(gpu.UP)})"


def gpu_busy() -> str:
    busy, observed = (rate(each, _RECENT, cluster=_CLUSTER, node=_NODE) for each in (gpu.BUSY, gpu.OBSERVED))
    return f"max by (gpu) ({queries.living(f'{busy} / {observed}')})"


def gpu_memory_used() -> str:
    return f"max by (gpu) ({_of_node(gpu.MEMORY_USED)} / {_of_node(gpu.MEMORY_TOTAL)})"


def gpu_temperature() -> str:
    return f"max by (gpu) ({_of_node(gpu.TEMPERATURE)})"


def gpu_power() -> str:
    return f"max by (gpu) ({queries.living(rate(gpu.ENERGY, _RECENT, cluster=_CLUSTER, node=_NODE))})"


def services_here() -> str:
    """The state of each service that lives on the node."""
    lives = instant(service.NODE_INFO, cluster=_CLUSTER, node_name=_NODE)
    here = f'max by (component) (label_replace({lives}, "component", "$1", "service", "(.+)"))'
    states = series(COMPONENT_STATE, cluster=_CLUSTER, kind="service")
    return f"max by (component) ({states} and on (component) {here})"


def source_waits() -> str:
    last = _of_node(agent.SOURCE_LAST_SUCCESS)
    return f"max by (source) (timestamp({last}) - {last})"


def source_interval() -> str:
    return f"max by (source) ({_of_node(agent.SOURCE_INTERVAL)})"


def source_duration() -> str:
    return f"max by (source) ({_of_node(agent.SOURCE_DURATION)})"


def source_failures() -> str:
    failed = increase(agent.SOURCE_RUNS, _HOUR, cluster=_CLUSTER, node=_NODE, result=("error", "deadline"))
    return f"sum by (source) ({failed})"


def _by_mount(metric: Metric) -> str:
    return f"max by (mountpoint, fstype) ({_of_node(metric)})"


def _of_node(metric: Metric, **labels: Matcher) -> str:
    return instant(metric, cluster=_CLUSTER, node=_NODE, **labels)


def _rate(metric: Metric, **labels: Matcher) -> str:
    return rate(metric, _WINDOW, cluster=_CLUSTER, node=_NODE, **labels)
