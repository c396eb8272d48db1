"""Nodes: does the agent of each node answer? The root of everything that is seen from that node or lives on it."""

from alerts import timing
from alerts.rule import Alert, Group
from ragpulse.inventory import Cluster
from ragpulse.promql import agent_up

NODE_DOWN = "NodeDown"


def rules(cluster: Cluster) -> list[Group]:
    down = Alert(
        NODE_DOWN,
        f"{agent_up()} == 0",
        hold=timing.root_hold(cluster),
        severity="page",
        component="{{ $labels.node }}",
        summary="{{ $labels.node }}: the agent at {{ $labels.instance }} does not answer.",
        description="The node is down, cut off, or its agent has stopped. What lives there cannot be vouched for, and"
        " alerts about it are held back while this one fires.",
        labels={"node": "{{ $labels.node }}"},
    )
    return [Group("node", (down,))]
