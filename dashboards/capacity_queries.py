"""What the board asks of room and growth."""

from ragpulse.catalogue import backup, chroma, gpu, node, vllm
from ragpulse.metric import Metric
from ragpulse.promql import Pattern, growth, instant, rate

_CLUSTER = Pattern("$cluster")
_NODE = Pattern("$node")
_SHOWN = "$__rate_interval"
_DAY = 86_400.0
_HISTORY = 3 * _DAY
_MOST = 10
_KILOWATT_HOUR = 3.6e6  # joules


def disk_days() -> str:
    left = instant(node.FILESYSTEM_AVAILABLE, cluster=_CLUSTER, node=_NODE)
    shrinking = growth(node.FILESYSTEM_AVAILABLE, _HISTORY, cluster=_CLUSTER, node=_NODE)
    return f"bottomk({_MOST}, min by (node, mountpoint) ({_days(left, shrinking)}))"


def store_days() -> str:
    return f"min by (service) ({_days_of(chroma.FILESYSTEM_AVAILABLE)})"


def repository_days() -> str:
    return f"min by (backup) ({_days_of(backup.REPOSITORY_FREE)})"


def fullest_disks() -> str:
    free, whole = (
        instant(each, cluster=_CLUSTER, node=_NODE) for each in (node.FILESYSTEM_AVAILABLE, node.FILESYSTEM_SIZE)
    )
    return f"topk({_MOST}, max by (node, mountpoint) (1 - {free} / ({whole} > 0)))"


def energy_per_day() -> str:
    joules = rate(gpu.ENERGY, _SHOWN, cluster=_CLUSTER, node=_NODE)
    return f"sum by (node) ({joules}) * {_DAY / _KILOWATT_HOUR:g}"


def tokens_per_day() -> str:
    return f"sum by (service) ({rate(vllm.GENERATION_TOKENS, _SHOWN, cluster=_CLUSTER)}) * {_DAY:g}"


def busy_without_one() -> str:
    """Work of all processors, of what those of all nodes but the largest can do."""
    every = f"sum by (node) ({rate(node.CPU_SECONDS, _SHOWN, cluster=_CLUSTER)})"
    idle = f"sum by (node) ({rate(node.CPU_SECONDS, _SHOWN, cluster=_CLUSTER, mode='idle')})"
    return f"sum({every} - {idle}) / (sum({every}) - max({every}))"


def _days_of(metric: Metric) -> str:
    return _days(instant(metric, cluster=_CLUSTER), growth(metric, _HISTORY, cluster=_CLUSTER))


def _days(left: str, slope: str) -> str:
    return f"{left} / ((0 - {slope}) > 0) / {_DAY:g}"
