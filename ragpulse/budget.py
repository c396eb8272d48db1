"""Error budgets: what is recorded of them, under which names, over which windows, and how fast is too fast.

A burn rate is the share of bad events over a window, in units of the share that the objective allows: at 1 the budget
lasts exactly as long as it is promised for. An alert looks at a long window and at a twelfth of it, so that it tells of
what matters and ends soon after. Factors and windows: The Site Reliability Workbook, chapter 5.

Events are counted where they were measured. A minute without any is neither good nor bad: how much of a window was
measured stands beside every budget.
"""

from dataclasses import dataclass

from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective, in_demand, objectives
from ragpulse.recorded import short_window
from ragpulse.units import prometheus_duration

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_STEP, _SLOW_STEP = 30.0, 120.0
_SLOW_FROM = 6 * _HOUR  # windows that take many samples and move slowly

FEWEST = 5  # bad events in the long window of an alert; a single lost probe is counted, and no alert

BUDGET_LEFT = "ragpulse:slo_budget_left:ratio"  # {slo, service, check}: 1 untouched, 0 spent, below 0 overspent
EXHAUSTION = "ragpulse:slo_exhaustion:seconds"  # {slo, service, check}: until it is spent, as the last hour went on
CLUSTER_AVAILABLE = "ragpulse:cluster_available:ratio"  # share of the work that the weakest service could do


@dataclass(frozen=True, slots=True)
class Speed:
    """Too fast when both windows, in seconds, burn more than `factor` times what the objective allows."""

    factor: float
    long: float
    short: float


PAGE = (Speed(14.4, _HOUR, 5 * _MINUTE), Speed(6, 6 * _HOUR, 30 * _MINUTE))
TICKET = (Speed(3, _DAY, 2 * _HOUR), Speed(1, 3 * _DAY, 6 * _HOUR))


def pace(cluster: Cluster) -> float:
    """Seconds: the window whose burn rate says when a budget will be spent."""
    return _kept(cluster, _HOUR)


def budgeted(cluster: Cluster) -> tuple[Objective, ...]:
    """The objectives that allow a share of events to be bad."""
    judged = (each for each in objectives(cluster) if each.budget_window is not None and not each.unmeasured)
    return (*judged, *in_demand(cluster))


def step(cluster: Cluster) -> float:
    """Seconds between two records of a budget."""
    return max(_STEP, cluster.monitoring.scrape_interval)


def slow_step(cluster: Cluster) -> float:
    return max(_SLOW_STEP, cluster.monitoring.scrape_interval)


def is_slow(window: float) -> bool:
    return window >= _SLOW_FROM


def windows(cluster: Cluster) -> tuple[float, ...]:
    """Of all burn rates, in seconds; none is shorter than the window over which events are counted."""
    asked = (window for speed in (*PAGE, *TICKET) for window in (speed.long, speed.short))
    return tuple(sorted({_kept(cluster, window) for window in asked}))


def speeds(cluster: Cluster, kind: tuple[Speed, ...], objective: Objective) -> tuple[Speed, ...]:
    """Those that can be reached at all: with an objective of 0.9 nothing burns faster than 10."""
    fastest = 1 / (1 - objective.value)
    return tuple(
        Speed(each.factor, _kept(cluster, each.long), _kept(cluster, each.short))
        for each in kind
        if each.factor < fastest
    )


def errors(cluster: Cluster) -> str:
    """{slo, service, check}: bad events per second."""
    return f"ragpulse:slo_errors:rate{prometheus_duration(short_window(cluster))}"


def events(cluster: Cluster) -> str:
    """{slo, service, check}: all events per second; none while nothing is measured."""
    return f"ragpulse:slo_events:rate{prometheus_duration(short_window(cluster))}"


def burn(window: float) -> str:
    """{slo, service, check}: the burn rate over `window` seconds."""
    return f"ragpulse:slo_burn:rate{prometheus_duration(window)}"


def attained(window: float) -> str:
    """{slo, service, check}: share of good events."""
    return f"ragpulse:slo_attained:ratio{prometheus_duration(window)}"


def measured(window: float) -> str:
    """{slo, service, check}: share of the window in which events were counted; below 1 also while it is young."""
    return f"ragpulse:slo_measured:ratio{prometheus_duration(window)}"


def cluster_attained(window: float) -> str:
    return f"ragpulse:cluster_attained:ratio{prometheus_duration(window)}"


def _kept(cluster: Cluster, window: float) -> float:
    return max(window, short_window(cluster))
