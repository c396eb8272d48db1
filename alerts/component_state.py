"""The state of every component as one number: 0 unknown, 1 down, 2 degraded, 3 up. Always there; unknown by default.

A service is degraded when it answers but one of those who probe it finds it not ready, or when it is a vLLM or Chroma
whose state says so: one that has stalled, or whose data were moved, answers every probe; or when it is a Chroma that no
longer finds what is nearest. It is down when it answers nobody. A node is degraded when a source of its agent gives
nothing, a GPU of it cannot be read, or an alert about it pages: a GPU is lost, memory runs out. A backup is down while
there is none to rely on, and degraded while any other alert about it fires. What this version has no source or probe
for stays unknown.
"""

from collections.abc import Iterator

from alerts import backup, chroma_state, recall
from alerts import vllm as vllm_state
from alerts.gpu import GPU_UNAVAILABLE
from alerts.monitoring import SOURCE_FAILING, SOURCE_STALE
from alerts.rule import Group, Record
from ragpulse.catalogue import chroma, vllm
from ragpulse.catalogue.backup import LAST_COMMIT, LAST_SUCCESS
from ragpulse.catalogue.service import READY, UP
from ragpulse.inventory import Cluster
from ragpulse.promql import agent_up, firing, instant, series
from ragpulse.recorded import COMPONENT_STATE
from ragpulse.services import WATCHED, AnyService, Chroma, Vllm

_UNKNOWN = "vector(0)"


def rules(cluster: Cluster) -> list[Group]:
    return [Group("component_state", tuple(_states(cluster)))]


def _states(cluster: Cluster) -> Iterator[Record]:
    for name, service in cluster.services.items():
        yield _state(name, "service", _service(name, service) if isinstance(service, WATCHED) else _UNKNOWN)
    for name in cluster.nodes:
        yield _state(name, "node", _node(name))
    for name in cluster.backups:
        yield _state(name, "backup", _backup(name))


def _state(component: str, kind: str, expr: str) -> Record:
    return Record(COMPONENT_STATE, expr, {"component": component, "kind": kind})


def _service(name: str, service: AnyService) -> str:
    ready = f"min({instant(READY, service=name)})"
    troubled = None
    if isinstance(service, Vllm):
        troubled = f"{instant(vllm.STATE, service=name, state=vllm_state.TOLD_BY_STATE)} == 1"
    elif isinstance(service, Chroma):
        troubled = f"{instant(chroma.STATE, service=name, state=chroma_state.TOLD_BY_STATE)} == 1"
        if service.canary is not None:
            troubled += f" or {firing(recall.RECALL_LOW, service=name)}"
    if troubled is not None:
        # 0 while it does not do its work, else nothing, so that readiness speaks.
        ready = f"(0 * max({troubled}) or {ready})"
    return f"1 + max({instant(UP, service=name)}) * (1 + {ready}) or {_UNKNOWN}"


def _node(name: str) -> str:
    unread = firing((SOURCE_FAILING, SOURCE_STALE, GPU_UNAVAILABLE), node=name)
    paged = series("ALERTS", alertstate="firing", severity="page", component=name, node=name)
    troubled = f"(max({unread} or {paged}) or vector(0))"
    return f"1 + max({agent_up(node=name)}) * (2 - {troubled}) or {_UNKNOWN}"


def _backup(name: str) -> str:
    # Where nobody records a success, any change of the repository stands for one.
    succeeded = f"max({instant(LAST_SUCCESS, backup=name)} or {instant(LAST_COMMIT, backup=name)}) > bool 0"
    lost, ailing = (f"(max({firing(alerts, backup=name)}) or vector(0))" for alerts in (backup.LOST, backup.AILING))
    return f"1 + ({succeeded}) * (2 - clamp_max(2 * {lost} + {ailing}, 2)) or {_UNKNOWN}"
