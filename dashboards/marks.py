"""When did something happen that explains a change? Each expression has a value while it had just happened."""

from ragpulse.catalogue import agent, backup, chroma, node, ray, vllm
from ragpulse.catalogue.maintenance import MAINTENANCE
from ragpulse.metric import Metric
from ragpulse.promql import Pattern, changes, instant, past, series

_CLUSTER = Pattern("$cluster")
# Of a mark it is at least the time between two looks: nothing falls between them.
_WINDOW = "$__rate_interval"


def alerts() -> str:
    return series("ALERTS", alertstate="firing", severity=("page", "ticket"))


def restarts() -> str:
    """A machine was booted, or a process that tells when it started did so anew."""
    started = (
        *(("node", metric) for metric in (node.BOOT_TIME,)),
        *(("service", metric) for metric in (vllm.STARTED, chroma.PROCESS_STARTED)),
    )
    return " or ".join(f"max by ({of}) ({_changed(metric)}) > 0" for of, metric in started)


def versions() -> str:
    """Another version than before of something that was there before."""
    known = (("node", agent.BUILD_INFO), ("service", vllm.INFO), ("service", chroma.INFO), ("service", ray.INFO))
    return " or ".join(_new_version(of, metric) for of, metric in known)


def backups() -> str:
    return f"max by (backup) ({_changed(backup.LAST_SUCCESS)}) > 0"


def maintenance() -> str:
    return f"max by (service) ({instant(MAINTENANCE, cluster=_CLUSTER)}) == 1"


def _changed(metric: Metric) -> str:
    return changes(metric, _WINDOW, cluster=_CLUSTER)


def _new_version(of: str, metric: Metric) -> str:
    now, before = instant(metric, cluster=_CLUSTER), past(metric, _WINDOW, cluster=_CLUSTER)
    return f"(max by ({of}, version) ({now}) unless on ({of}, version) {before} and on ({of}) {before})"
