"""What follows `unless` in a rule: the series under which it holds its alert back, one by one.

Labels by which both sides are matched are those of what is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser

from tests.fakes.rule_cases import ALERT_SERIES, selectors

_Labels = dict[str, str]


@dataclass(frozen=True, slots=True)
class Cause:
    """by: the labels of what is told by which it is matched; none where it holds back all that the rule would tell."""

    series: str
    value: int
    by: tuple[str, ...]


def alerts_explaining(expression: str, told: _Labels) -> Iterator[Cause]:
    """Series of the alerts that guards look at."""
    for guard in _guards(expression):
        by = _matched(guard)
        for selector in selectors(guard.rhs):
            if selector.name in ALERT_SERIES:
                yield Cause(_series(selector, by, told, alertname="Another"), 1, tuple(by))


def states_explaining(expression: str, told: _Labels) -> Iterator[Cause]:
    """Series of which guards ask whether they are 0 or 1, and nothing else."""
    for guard in _guards(expression):
        asked = guard.rhs
        while isinstance(asked, promql_parser.ParenExpr | promql_parser.AggregateExpr):
            asked = asked.expr
        is_state = isinstance(asked, promql_parser.BinaryExpr) and str(asked.op) == "=="
        if is_state and isinstance(asked.lhs, promql_parser.VectorSelector) and asked.rhs.val in (0, 1):
            by = _matched(guard)
            yield Cause(_series(asked.lhs, by, told), int(asked.rhs.val), tuple(by))


def is_part_of(series: str, other: str) -> bool:
    """Whether it has the same name and no other value of any label."""
    (name, labels), (other_name, others) = (_parts(each) for each in (series, other))
    return name == other_name and all(labels.get(label, value) == value for label, value in others.items())


def _parts(series: str) -> tuple[str, dict[str, str]]:
    selector: Any = promql_parser.parse(series)
    return selector.name, {each.name: each.value for each in selector.matchers.matchers}


def _series(selector: Any, by: _Labels, told: _Labels, **otherwise: str) -> str:
    asked = {each.name: each.value.split("|")[0] for each in selector.matchers.matchers if each.value}
    given = otherwise | asked | {its: told[ours] for ours, its in by.items() if ours in told}
    inside = ",".join(f'{key}="{value}"' for key, value in sorted(given.items()))
    return f"{selector.name}{{{inside}}}"


def _matched(guard: Any) -> _Labels:
    """A label of what is told → what it is called in the series of the guard."""
    by = {label: label for label in guard.modifier.matching.labels}
    if isinstance(guard.rhs, promql_parser.Call) and guard.rhs.func.name == "label_replace":
        by[guard.rhs.args[1].val] = guard.rhs.args[3].val
    return by


def _guards(expression: str) -> list[Any]:
    """Of those that say by what both sides are matched."""
    found: list[Any] = []

    def note(node: Any) -> bool:
        if (
            isinstance(node, promql_parser.BinaryExpr)
            and str(node.op) == "unless"
            and node.modifier
            and node.modifier.matching
        ):
            found.append(node)
        return True

    promql_parser.walk(promql_parser.parse(expression), note)
    return found
