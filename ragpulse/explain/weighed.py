"""What each condition of an alert comes to now, as Prometheus says. Errors: Unavailable."""

from dataclasses import dataclass

from ragpulse.explain.clauses import Clause, Comparison, clause, comparison
from ragpulse.overview.prometheus_api import PrometheusApi, Series


@dataclass(frozen=True, slots=True)
class Weighed:
    """how: joins it to what stands before. true: it has a result. compared: of a comparison, what it compares; `now`:
    what stands on the left of it, or its own result. parts: in order.
    """

    how: str
    clause: Clause
    true: bool
    now: tuple[Series, ...] = ()
    compared: Comparison | None = None
    parts: tuple["Weighed", ...] = ()

    @property
    def helps(self) -> bool:
        """Whether the alert could fire for all that this condition says."""
        return self.true != self.how.startswith("unless")


async def weigh(prometheus: PrometheusApi, expression: str) -> Weighed:
    return await _weigh(prometheus, "", clause(expression))


async def _weigh(prometheus: PrometheusApi, how: str, asked: Clause) -> Weighed:
    result = tuple(await prometheus.instant(asked.text))
    if asked.parts:
        parts = [await _weigh(prometheus, part.how, part.clause) for part in asked.parts]
        return Weighed(how, asked, true=bool(result), now=result, parts=tuple(parts))
    compared = comparison(asked.text)
    now = tuple(await prometheus.instant(compared.left)) if compared else result
    return Weighed(how, asked, true=bool(result), now=now, compared=compared)


def why_not(found: Weighed) -> Weighed | None:
    """The first single condition that keeps an alert from firing; None where it is true, or only all of it is not."""
    if found.helps:
        return None
    if found.clause.is_choice or found.how.startswith("unless") or not found.parts:
        return found
    return next((reason for part in found.parts if (reason := why_not(part)) is not None), None)
