"""What each condition of an alert comes to now, as Prometheus says. Errors: Unavailable."""

import math
from dataclasses import dataclass

from ragpulse.explain.clauses import Clause, Comparison, clause, comparison
from ragpulse.overview.prometheus_api import PrometheusApi, Series


@dataclass(frozen=True, slots=True)
class Weighed:
    """how: joins it to what stands before. true: it has a result. compared: of a comparison, what it compares; `now`:
    what stands on the left of it, nearest to true first, or its own result. parts: in order.
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


async def weigh(prometheus: PrometheusApi, expression: str, node: str | None = None) -> Weighed:
    """`node`: of what has a node, only what is of this one."""
    return await _weigh(prometheus, "", clause(expression), node)


async def _weigh(prometheus: PrometheusApi, how: str, asked: Clause, node: str | None) -> Weighed:
    result = await _of_node(prometheus, asked.text, node)
    if asked.parts:
        parts = [await _weigh(prometheus, part.how, part.clause, node) for part in asked.parts]
        return Weighed(how, asked, true=bool(result), now=result, parts=tuple(parts))
    if (compared := comparison(asked.text)) is None:
        return Weighed(how, asked, true=bool(result), now=result)
    now = sorted(await _of_node(prometheus, compared.left, node), key=lambda one: _distance(compared, one))
    return Weighed(how, asked, true=bool(result), now=tuple(now), compared=compared)


async def _of_node(prometheus: PrometheusApi, text: str, node: str | None) -> tuple[Series, ...]:
    found = await prometheus.instant(text)
    return tuple(one for one in found if node is None or one.labels.get("node", node) == node)


def _distance(compared: Comparison, one: Series) -> float:
    """From being true, as far as it is compared with a number."""
    try:
        over = one.points[-1][1] - float(compared.right)
    except ValueError:
        return 0.0
    if math.isnan(over):
        return math.inf
    match compared.operator[0]:
        case ">":
            return -over
        case "<":
            return over
        case "=":
            return abs(over)
        case _:
            return -abs(over)


def why_not(found: Weighed) -> Weighed | None:
    """The first condition that keeps an alert from firing; None where it is true, or only all of it is not."""
    if found.helps:
        return None
    if found.clause.is_choice or found.how.startswith("unless") or not found.parts:
        return found
    return next((reason for part in found.parts if (reason := why_not(part)) is not None), None)
