"""What is left of each error budget, and how fast is it spent?"""

from collections.abc import Mapping
from dataclasses import dataclass

from ragpulse import budget
from ragpulse.inventory import Cluster
from ragpulse.overview.facts import Budget
from ragpulse.overview.quantities import quantity
from ragpulse.units import human_duration

Key = tuple[str, str, str]  # slo, service, check
_TENS = 10.0
LEARNED = 0.5  # of the window: with less than that measured, what is left says little


@dataclass(frozen=True, slots=True)
class Spent:
    """What was recorded, by objective. measured: by window in seconds."""

    left: Mapping[Key, float]
    burn: Mapping[Key, float]
    lasts: Mapping[Key, float]
    measured: Mapping[float, Mapping[Key, float]]


def budgets(cluster: Cluster, spent: Spent) -> dict[Key, Budget]:
    """Those of which anything is recorded."""
    found: dict[Key, Budget] = {}
    for objective in budget.budgeted(cluster):
        name = objective.slo, objective.service, objective.check
        window = objective.budget_window
        if window is not None and (left := spent.left.get(name)) is not None:
            measured = spent.measured.get(window, {}).get(name, 0.0)
            found[name] = _budget(window, left, spent.burn.get(name), spent.lasts.get(name), measured)
    return found


def _budget(window: float, left: float, burn: float | None, lasts: float | None, measured: float) -> Budget:
    learning = measured < LEARNED
    over = human_duration(window)
    if learning:
        said = [f"learning: {quantity(measured, 'ratio')} of {over} measured"]
    else:
        said = [f"{quantity(left, 'ratio')} left of {over}" if left >= 0 else f"spent {1 - left:.3g} times over"]
    if burn:
        said.append(f"burns {burn:.0f} times" if burn >= _TENS else f"burns {burn:.2g} times")
        said[-1] += " as fast as allowed"
        if lasts:
            said.append(f"spent in {human_duration(lasts)} at this speed")
    return Budget(window, left, burn, lasts, measured, learning, "; ".join(said))
