"""Something is killed and stays away: a service, a node with all that lives on it, one Prometheus of the pair.

Of a single Prometheus nobody would be told: who misses its Watchdog must be outside.
"""

from contextlib import AbstractContextManager

from ragpulse.drill.fault import Fault
from ragpulse.drill.rig import Rig

_FULL_OUTAGE = (60.0, 75.0)


def _node(node: str, name: str, what: str) -> Fault:
    def broken(rig: Rig) -> AbstractContextManager[None]:
        return rig.gone(*rig.of_node(node))

    return Fault(name, what, broken, "NodeDown", limits=_FULL_OUTAGE)


CHROMA = Fault(
    "chroma-killed",
    "ChromaDB is killed and stays away",
    lambda rig: rig.gone("chroma"),
    "ServiceDown",
    limits=_FULL_OUTAGE,
)
NODE = _node("gamma", "node-gone", "a node with nothing but its agent is lost")
MONITORING_NODE = _node("beta", "monitoring-node-gone", "a node with one half of the monitoring is lost")
SERVICES_NODE = _node("alpha", "services-node-gone", "the node with all services and the other half is lost")
PROMETHEUS = Fault(
    "prometheus-gone",
    "one Prometheus of the pair is killed: the other one tells",
    lambda rig: rig.gone("prometheus-beta"),
    "MonitoringDown",
)
