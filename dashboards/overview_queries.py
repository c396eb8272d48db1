"""What the Overview board asks besides what several boards ask."""

from dashboards import monitoring_queries
from dashboards.queries import watched
from ragpulse import budget
from ragpulse.catalogue import agent, chroma, gpu, node, ray, vllm
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.objectives import Unit, in_demand, objectives
from ragpulse.promql import Matcher, Pattern, highest, instant, series
from ragpulse.recorded import COMPONENT_STATE, SLO_OBJECTIVE, long_window, slo_met, slo_value

_CLUSTER = Pattern("$cluster")
_DAY = 86400.0
_FEW = 10


def monitoring_troubles() -> str:
    """Agents that are not scraped, and monitors that do not answer."""
    return f"({monitoring_queries.agents_missing()}) + ({monitoring_queries.monitors_down()})"


def objective(cluster: Cluster, unit: Unit) -> str:
    """Of targets in one unit: shares and tokens per second do not stand in one column."""
    return _of_objectives(SLO_OBJECTIVE, **_in(cluster, unit))


def value(cluster: Cluster, unit: Unit) -> str:
    return watched(_of_objectives(slo_value(long_window(cluster)), **_in(cluster, unit)))


def met(cluster: Cluster) -> str:
    return watched(_of_objectives(slo_met(cluster)))


def budget_left() -> str:
    return watched(_of_objectives(budget.BUDGET_LEFT))


def burn(cluster: Cluster) -> str:
    return watched(_of_objectives(budget.burn(budget.pace(cluster))))


def states_of_services() -> str:
    return f"max by (component) ({series(COMPONENT_STATE, cluster=_CLUSTER, kind=('service', 'backup'))})"


def worst_state_of_nodes() -> str:
    return f"min({series(COMPONENT_STATE, cluster=_CLUSTER, kind='node')})"


def latest_starts() -> str:
    """Seconds since each machine and server started, of those that did so last."""
    starts = (
        _named("node", instant(node.BOOT_TIME, cluster=_CLUSTER)),
        _named("service", instant(vllm.STARTED, cluster=_CLUSTER)),
        _named("service", instant(chroma.PROCESS_STARTED, cluster=_CLUSTER)),
    )
    return f"bottomk({_FEW}, time() - max by (what) ({' or '.join(starts)}))"


def versions() -> str:
    """How many have which version; all agents count as one thing."""
    agents = f'label_replace({instant(agent.BUILD_INFO, cluster=_CLUSTER)}, "what", "agent", "", "")'
    of_services = (_named("service", instant(info, cluster=_CLUSTER)) for info in (vllm.INFO, chroma.INFO, ray.INFO))
    return f"count by (what, version) ({' or '.join((agents, *of_services))})"


def kv_cache_peak() -> str:
    return f"max by (service) ({highest(vllm.KV_CACHE_USAGE, _DAY, cluster=_CLUSTER)})"


def fullest_memory() -> str:
    return _fullest(node.MEMORY_AVAILABLE, node.MEMORY_TOTAL)


def fullest_filesystem() -> str:
    return _fullest(node.FILESYSTEM_AVAILABLE, node.FILESYSTEM_SIZE)


def fullest_gpu() -> str:
    return f"topk(1, {instant(gpu.MEMORY_USED, cluster=_CLUSTER)} / {instant(gpu.MEMORY_TOTAL, cluster=_CLUSTER)})"


def _fullest(available: Metric, total: Metric) -> str:
    return f"topk(1, 1 - {instant(available, cluster=_CLUSTER)} / ({instant(total, cluster=_CLUSTER)} > 0))"


def _of_objectives(name: str, **labels: Matcher) -> str:
    return f"max by (slo, service, check) ({series(name, cluster=_CLUSTER, **labels)})"


def _in(cluster: Cluster, unit: Unit) -> dict[str, Matcher]:
    every = (*objectives(cluster), *in_demand(cluster))
    return {"check": tuple(dict.fromkeys(each.check for each in every if each.unit == unit))}


def _named(label: str, expression: str) -> str:
    return f'label_replace({expression}, "what", "$1", "{label}", "(.+)")'
