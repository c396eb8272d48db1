"""What follows `unless` in a rule: the series under which it holds its alert back, one by one.

Labels by which both sides are matched are those of what is told.
"""

from collections.abc import Iterator
from typing import Any

import promql_parser

from tests.fakes.rule_cases import ALERT_SERIES, selectors

_Labels = dict[str, str]


def alerts_explaining(expression: str, told: _Labels) -> Iterator[str]:
    """Series of the alerts that guards look at."""
    for guard in _guards(expression):
        for selector in selectors(guard.rhs):
            if selector.name in ALERT_SERIES:
                yield _series(selector, _matched(guard, told), alertname="Another")


def states_explaining(expression: str, told: _Labels) -> Iterator[tuple[str, int]]:
    """Series of which guards ask whether they are 0 or 1, and nothing else, with that number."""
    for guard in _guards(expression):
        asked = guard.rhs
        while isinstance(asked, promql_parser.ParenExpr | promql_parser.AggregateExpr):
            asked = asked.expr
        is_state = isinstance(asked, promql_parser.BinaryExpr) and str(asked.op) == "=="
        if is_state and isinstance(asked.lhs, promql_parser.VectorSelector) and asked.rhs.val in (0, 1):
            yield _series(asked.lhs, _matched(guard, told)), int(asked.rhs.val)


def is_part_of(series: str, other: str) -> bool:
    """Whether it has the same name and no other value of any label."""
    (name, labels), (other_name, others) = (_parts(each) for each in (series, other))
    return name == other_name and all(labels.get(label, value) == value for label, value in others.items())


def _parts(series: str) -> tuple[str, dict[str, str]]:
    selector: Any = promql_parser.parse(series)
    return selector.name, {each.name: each.value for each in selector.matchers.matchers}


def _series(selector: Any, matched: _Labels, **otherwise: str) -> str:
    asked = {each.name: each.value.split("|")[0] for each in selector.matchers.matchers if each.value}
    given = otherwise | asked | matched
    inside = ",".join(f'{key}="{value}"' for key, value in sorted(given.items()))
    return f"{selector.name}{{{inside}}}"


def _matched(guard: Any, told: _Labels) -> dict[str, str]:
    by = {label: label for label in guard.modifier.matching.labels} if _is_matched_by_labels(guard) else {}
    if isinstance(guard.rhs, promql_parser.Call) and guard.rhs.func.name == "label_replace":
        by[guard.rhs.args[1].val] = guard.rhs.args[3].val
    return {its: told[ours] for ours, its in by.items() if ours in told}


def _is_matched_by_labels(guard: Any) -> bool:
    return bool(guard.modifier and guard.modifier.matching)


def _guards(expression: str) -> list[Any]:
    found: list[Any] = []

    def note(node: Any) -> bool:
        if isinstance(node, promql_parser.BinaryExpr) and str(node.op) == "unless":
            found.append(node)
        return True

    promql_parser.walk(promql_parser.parse(expression), note)
    return found
