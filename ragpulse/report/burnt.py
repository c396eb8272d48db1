"""What burnt a budget: failed probes by reason, answers that came too late, and the rest that nobody of ours saw.

Failures are those of the check that an objective judges, from whoever probes it. Errors: Unavailable.
"""

from dataclasses import dataclass

from ragpulse.catalogue.service import FAILURES
from ragpulse.objectives import Objective
from ragpulse.overview.prometheus_api import PrometheusApi
from ragpulse.promql import increase
from ragpulse.report.window import Window

_PROBED = ("availability", "response_time")
_LEAST = 0.5  # events; an extrapolated rest is none

Failures = dict[tuple[str, str], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Burnt:
    """by: a reason of a failed probe, or `late`. share: of everything that was bad."""

    by: str
    events: float
    share: float


async def failures(prometheus: PrometheusApi, window: Window) -> Failures:
    """(service, check) → reason → how many."""
    asked = f"sum by (service, check, reason) ({increase(FAILURES, window.seconds)}) > 0"
    found: Failures = {}
    for one in await prometheus.over(asked, window.end, window.end, window.step):
        if one.points:
            name = one.labels.get("service", ""), one.labels.get("check", "")
            found.setdefault(name, {})[one.labels.get("reason", "")] = one.points[-1][1]
    return found


def burnt(objective: Objective, bad: float, found: Failures) -> tuple[Burnt, ...]:
    """The largest first; none where our probes are not what is judged."""
    if objective.slo not in _PROBED or objective.edge is not None or bad < _LEAST:
        return ()
    reasons = found.get((objective.service, objective.check), {})
    failed = sum(reasons.values())
    rows = [(reason, amount) for reason, amount in reasons.items() if amount >= _LEAST]
    if objective.slo == "response_time":
        rows.append(("late", bad - failed))
    rows = [(reason, amount) for reason, amount in rows if amount >= _LEAST]
    whole = max(bad, failed)
    return tuple(Burnt(by, amount, amount / whole) for by, amount in sorted(rows, key=lambda row: -row[1]))
