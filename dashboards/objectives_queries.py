"""What the board asks of objectives and their budgets."""

from collections.abc import Callable

from dashboards.queries import any_of, unwatched, watched
from ragpulse import budget, recorded
from ragpulse.catalogue import service
from ragpulse.inventory import Cluster
from ragpulse.promql import Pattern, rate, series

_CLUSTER = Pattern("$cluster")
_SLO = Pattern("$slo")
_BY = "slo, service, check"
_SHOWN = "$__rate_interval"


def least_budget(little: float) -> str:
    left = series(budget.BUDGET_LEFT, cluster=_CLUSTER, slo=_SLO)
    return _of_watched("min", left, f"< {little:g}")


def fastest_burn(cluster: Cluster, fast: float) -> str:
    burns = series(budget.burn(budget.pace(cluster)), cluster=_CLUSTER, slo=_SLO)
    return _of_watched("max", burns, f">= {fast:g}")


def _of_watched(worst: str, recorded: str, bad: str) -> str:
    """Bad in any case; else only while every objective that has it is watched."""
    found = f"{worst}({watched(recorded)})"
    return f"{found} {bad} or {found} unless on () ({unwatched(recorded)})"


def shares() -> str:
    """What is promised, of objectives that are a share: tokens per second are not read as one."""
    return f"{_each(recorded.SLO_OBJECTIVE)} <= 1"


def met(cluster: Cluster) -> str:
    return watched(_each(recorded.slo_met(cluster)))


def attained(cluster: Cluster) -> str:
    """Over the window of each objective."""
    return _over_windows(cluster, budget.attained)


def measured(cluster: Cluster) -> str:
    return _over_windows(cluster, budget.measured)


def left() -> str:
    return _each(budget.BUDGET_LEFT)


def left_now() -> str:
    return watched(left())


def lasts() -> str:
    return watched(_each(budget.EXHAUSTION))


def burn(window: float) -> str:
    return watched(_each(budget.burn(window)))


def worst_burn(window: float) -> str:
    return f"max({series(budget.burn(window), cluster=_CLUSTER, slo=_SLO)})"


def good_events(cluster: Cluster) -> str:
    return f"{_each(budget.events(cluster))} - {bad_events(cluster)}"


def bad_events(cluster: Cluster) -> str:
    return _each(budget.errors(cluster))


def failures_by_reason() -> str:
    failed = rate(service.FAILURES, _SHOWN, cluster=_CLUSTER)
    return any_of(f"sum by (service, check, reason) ({failed})", "service")


def cluster_available() -> str:
    return series(budget.CLUSTER_AVAILABLE, cluster=_CLUSTER)


def cluster_attained(window: float) -> str:
    return series(budget.cluster_attained(window), cluster=_CLUSTER)


def _each(name: str) -> str:
    return f"max by ({_BY}) ({series(name, cluster=_CLUSTER, slo=_SLO)})"


def _over_windows(cluster: Cluster, name: Callable[[float], str]) -> str:
    windows = dict.fromkeys(objective.budget_window for objective in budget.budgeted(cluster))
    return " or ".join(_each(name(window)) for window in windows if window is not None)
