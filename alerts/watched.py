"""Is anybody there who measures an objective? 1 while Prometheus reaches its agents, else nothing.

What a verdict or a budget rests on lies minutes to weeks back: it would stand for that long after the last measurement.
Who shows one as something that is true now asks this too.
"""

from alerts.rule import Group, Record
from ragpulse import budget
from ragpulse.inventory import Cluster
from ragpulse.measuring import measuring_nodes, takes_all
from ragpulse.objectives import Objective, objectives
from ragpulse.promql import agent_up
from ragpulse.recorded import SLO_WATCHED


def rules(cluster: Cluster) -> list[Group]:
    judged = (each for each in objectives(cluster) if not each.unmeasured)
    every = dict.fromkeys((*judged, *budget.budgeted(cluster)))
    watched = tuple(Record(SLO_WATCHED, _watched(cluster, each), each.labels) for each in every)
    return [Group("watched", watched)] if watched else []


def _watched(cluster: Cluster, objective: Objective) -> str:
    enough = "min" if takes_all(objective) else "max"
    return f"{enough}({agent_up(node=measuring_nodes(cluster, objective))}) == 1"
