"""The arithmetic of the error budget of an alert: what is allowed, what was spent, how long the rest will last."""

from ragpulse import budget
from ragpulse.inventory import Cluster
from ragpulse.objectives import Objective
from ragpulse.overview.prometheus_api import PrometheusApi
from ragpulse.promql import series
from ragpulse.units import human_duration


def budget_of(cluster: Cluster, expression: str) -> Objective | None:
    """The objective that an alert's expression is about, where it has a budget; not one that only holds it back."""
    wrong = expression.partition(" unless ")[0]
    for objective in budget.budgeted(cluster):
        if f'slo="{objective.slo}",service="{objective.service}"' in wrong:
            return objective
    return None


async def arithmetic(cluster: Cluster, prometheus: PrometheusApi, objective: Objective) -> list[str]:
    """Errors: Unavailable."""
    window = objective.budget_window or 0.0
    allowed = 1 - objective.value

    async def value(name: str) -> float | None:
        found = await prometheus.instant(series(name, **objective.labels))
        return found[0].points[-1][1] if found and found[0].points else None

    lines = [
        f"{objective.text} over {human_duration(window)}: {allowed * 100:.4g} % of the events may be bad",
    ]
    attained, left = await value(budget.attained(window)), await value(budget.BUDGET_LEFT)
    seen, spent_in = await value(budget.measured(window)), await value(budget.EXHAUSTION)
    if attained is None or left is None:
        return [*lines, "nothing of it is recorded yet"]
    lines.append(
        f"{(1 - attained) * 100:.4g} % were bad, which is {(1 - attained) / allowed:.4g} of what is allowed:"
        f" {left * 100:.4g} % of the budget is left"
    )
    if seen is not None:
        lines.append(f"{seen * 100:.3g} % of the window was measured; of the rest nothing is claimed")
    rates = {window: await value(budget.burn(window)) for window in budget.windows(cluster)}
    told = ", ".join(f"{rate:.3g} over {human_duration(window)}" for window, rate in rates.items() if rate is not None)
    lines.append(f"burn rate: {told or 'not known'}")
    if spent_in:
        lines.append(f"as the last hour went on, it is spent in {human_duration(spent_in)}")
    return lines
