"""Error budgets: what was spent of them, how fast, and who must hear of it.

Every objective over events has the same shape. A page where users cannot work, a ticket where they wait: an engine that
never was as fast as was promised is no reason to wake anybody. Nothing is told of a window of which less than half was
measured (a young database would make an hour of five minutes), nor of fewer than `budget.FEWEST` bad events (of demand
time: minutes), nor while another page about the service, or about what it needs, stands or has left its traces in the
short window.
"""

from collections.abc import Iterator

from alerts import timing
from alerts.latency import explained_by_demand
from alerts.rule import Alert, Group, Record
from alerts.service_alert import told_lately
from alerts.throughput import THROUGHPUT_BELOW_TARGET
from alerts.vllm_demand import VLLM_SATURATED
from ragpulse import budget, recorded
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.promql import averaged_over, counted_over, fired_within, firing, series, summed_over
from ragpulse.units import human_duration
from ragpulse.vantage import home

FAST, SLOW = "ErrorBudgetBurningFast", "ErrorBudgetBurningSlow"

_MEASURED = 0.5  # of the long window
_PAGED = ("availability",)
_TELLS_OF_DEMAND = (VLLM_SATURATED, THROUGHPUT_BELOW_TARGET)
_MEANING = {
    True: "A few hours or days more of this and nothing is left of it.",
    False: "It will not last for as long as it is promised for.",
}


def rules(cluster: Cluster) -> list[Group]:
    found: list[Group] = []
    for objective in budget.budgeted(cluster):
        name = f"{objective.slo}_budget_{objective.service}"
        quick: tuple[Record | Alert, ...] = (
            *_counted(cluster, objective),
            *_burns(cluster, objective, slow=False),
            *_alert(cluster, objective, budget.PAGE),
        )
        slow: tuple[Record | Alert, ...] = (
            *_burns(cluster, objective, slow=True),
            *_spent(cluster, objective),
            *_alert(cluster, objective, budget.TICKET),
        )
        found += [
            Group(name, quick, budget.step(cluster), name),
            Group(f"{name}_slow", slow, budget.slow_step(cluster), name),
        ]
    return [*found, *_of_the_cluster(cluster)]


def _counted(cluster: Cluster, objective: Objective) -> Iterator[Record]:
    window = recorded.short_window(cluster)
    good = series(recorded.slo_good(window), **objective.labels)
    total = series(recorded.slo_total(window), **objective.labels)
    yield Record(budget.errors(cluster), f"clamp_min({total} - {good}, 0)", objective.labels)
    yield Record(budget.events(cluster), total, objective.labels)


def _burns(cluster: Cluster, objective: Objective, *, slow: bool) -> Iterator[Record]:
    for window in budget.windows(cluster):
        if budget.is_slow(window) == slow:
            bad = _bad_share(cluster, objective, window)
            yield Record(budget.burn(window), f"{bad} / {1 - objective.value:.10g}", objective.labels)


def _spent(cluster: Cluster, objective: Objective) -> Iterator[Record]:
    window = objective.budget_window or 0.0
    yield Record(budget.attained(window), f"1 - {_bad_share(cluster, objective, window)}", objective.labels)
    seen = counted_over(budget.events(cluster), window, **objective.labels)
    yield Record(
        budget.measured(window), f"clamp_max({seen} / {window / budget.step(cluster):.10g}, 1)", objective.labels
    )
    attained = series(budget.attained(window), **objective.labels)
    left = f"1 - (1 - {attained}) / {1 - objective.value:.10g}"
    yield Record(budget.BUDGET_LEFT, left, objective.labels)
    burning = series(budget.burn(budget.pace(cluster)), **objective.labels)
    yield Record(
        budget.EXHAUSTION,
        f"clamp_min({series(budget.BUDGET_LEFT, **objective.labels)}, 0) * {window:.10g} / ({burning} > 0)",
        objective.labels,
    )


def _bad_share(cluster: Cluster, objective: Objective, window: float) -> str:
    """Of the events that were counted, each as much as any other: a mean of ratios would weigh a quiet night most."""
    bad, all_ = (
        summed_over(name, window, **objective.labels) for name in (budget.errors(cluster), budget.events(cluster))
    )
    return f"{bad} / ({all_} > 0)"


def _alert(cluster: Cluster, objective: Objective, kind: tuple[budget.Speed, ...]) -> Iterator[Alert]:
    fast = kind is budget.PAGE
    burning = " or ".join(_too_fast(cluster, objective, speed) for speed in budget.speeds(cluster, kind, objective))
    if not burning:
        return
    told = _told_already(cluster, objective, max(speed.short for speed in kind))
    if not fast:
        told += f" or {firing(FAST, service=objective.service, slo=objective.slo)}"
    yield Alert(
        FAST if fast else SLOW,
        f"({burning}) unless on () ({told})",
        hold=max(timing.leaf_hold(cluster), budget.step(cluster) if fast else budget.slow_step(cluster)),
        severity="page" if fast and objective.slo in _PAGED else "ticket",
        component=objective.service,
        summary=f"{objective.service}: its error budget burns {{{{ $value | humanize }}}} times as fast as allowed;"
        f" target: {objective.text} over {human_duration(objective.budget_window or 0.0)}.",
        description=f"{_MEANING[fast]} Nothing else that is known explains it. Measured: {objective.measured}.",
        labels={"service": objective.service, "node": home(cluster, objective.service)},
    )


def _too_fast(cluster: Cluster, objective: Objective, speed: budget.Speed) -> str:
    long, short = (series(budget.burn(window), **objective.labels) for window in (speed.long, speed.short))
    step = budget.step(cluster)
    seen = counted_over(budget.events(cluster), speed.long, **objective.labels)
    bad = summed_over(budget.errors(cluster), speed.long, **objective.labels)
    fewest = (budget.FEWEST - 0.5) * objective.event / step
    return (
        f"{long} > {speed.factor:g} and {short} > {speed.factor:g}"
        f" and {seen} > {_MEASURED * speed.long / step:.10g} and {bad} > {fewest:.10g}"
    )


def _told_already(cluster: Cluster, objective: Objective, short: float) -> str:
    """A page about the service, another or a node that it needs, until the short window has forgotten that."""
    traces = short + recorded.long_window(cluster)
    service = objective.service
    told = told_lately(cluster, service, traces)
    if objective.slo == "throughput":
        told += f" or {fired_within(traces, alertname=THROUGHPUT_BELOW_TARGET, service=service)}"
    if demanded := explained_by_demand(cluster, objective):
        told += f" or {demanded} or {fired_within(traces, alertname=_TELLS_OF_DEMAND, service=service)}"
    return told


def _of_the_cluster(cluster: Cluster) -> list[Group]:
    """A path is as available as the weakest of what it needs, each moment anew."""
    judged = [objective for objective in budget.budgeted(cluster) if objective.slo == "availability"]
    target = cluster.targets.availability
    if not judged or target is None:
        return []
    bad = series(budget.errors(cluster), slo="availability")
    all_ = series(budget.events(cluster), slo="availability")
    now = Record(budget.CLUSTER_AVAILABLE, f"min(1 - {bad} / ({all_} > 0))")
    mean = Record(budget.cluster_attained(target.window), averaged_over(budget.CLUSTER_AVAILABLE, target.window))
    return [
        Group("cluster_budget", (now,), budget.step(cluster)),
        Group("cluster_budget_slow", (mean,), budget.slow_step(cluster)),
    ]
