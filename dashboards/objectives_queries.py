"""What the board asks of objectives and their budgets."""

from ragpulse import budget
from ragpulse.inventory import Cluster
from ragpulse.promql import Pattern, series

_CLUSTER = Pattern("$cluster")
_SLO = Pattern("$slo")


def least_budget() -> str:
    return f"min({series(budget.BUDGET_LEFT, cluster=_CLUSTER, slo=_SLO)})"


def fastest_burn(cluster: Cluster) -> str:
    return f"max({series(budget.burn(budget.pace(cluster)), cluster=_CLUSTER, slo=_SLO)})"
