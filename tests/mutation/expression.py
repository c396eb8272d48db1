"""What one slip of the pen makes of a PromQL expression: every mutant of it, with what was changed.

Thresholds halved, doubled and (small whole ones) one off; states taken for another; comparators turned; guards,
conditions and alternatives dropped; windows and offsets halved and doubled. Worked on the parsed expression; mutants
that print alike are one. A mutant's place is the same in all expressions of one shape, and within a clause (what
follows `unless`, or one of several alternatives) in all clauses of one shape: what one line of code writes is changed
as one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import promql_parser as promql

from tests.mutation.printing import around, before, children, duration, operand, operation, over, printed, shape

_TURNED = {
    ">": (">=", "<="), "<": ("<=", ">="), ">=": (">", "<"), "<=": ("<", ">"), "==": ("!=",), "!=": ("==",),
}  # fmt: skip
_SMALL = 10  # up to which a whole number may be one off

Place = tuple[str, int, str]  # the shape of the clause in which it is, or nothing; the number of the node; what is done
_Own = Iterator[tuple[str, str, str]]  # kind, what was changed, the text of the mutated node


@dataclass(frozen=True, slots=True)
class Mutation:
    place: Place
    change: str
    expression: str


def mutations(expression: str) -> list[Mutation]:
    root = promql.parse(expression)
    seen = {printed(root)}
    found: list[Mutation] = []
    for mutation in _made(root, count(), within=None, clause=""):
        if mutation.expression not in seen:
            seen.add(mutation.expression)
            found.append(mutation)
    return found


def _made(node: Any, numbers: Iterator[int], *, within: Any, clause: str) -> Iterator[Mutation]:
    here = next(numbers)
    for kind, change, text in _own(node, within):
        yield Mutation((clause, here, kind), change, text)
    parts = children(node)
    texts = [operand(part) for part in parts]
    for index, part in enumerate(parts):
        own = _is_clause(node, part, index)
        inner = _made(part, count() if own else numbers, within=node, clause=shape(part) if own else clause)
        for each in inner:
            text = f"({each.expression})" if isinstance(part, promql.BinaryExpr) else each.expression
            yield Mutation(each.place, each.change, around(node, [*texts[:index], text, *texts[index + 1 :]]))


def _is_clause(node: Any, part: Any, index: int) -> bool:
    """A guard, or one of several alternatives."""
    if not isinstance(node, promql.BinaryExpr):
        return False
    if str(node.op) == "unless":
        return index == 1
    return str(node.op) == "or" and not (isinstance(part, promql.BinaryExpr) and str(part.op) == "or")


def _own(node: Any, within: Any) -> _Own:
    if isinstance(node, promql.BinaryExpr):
        yield from _of_operation(node)
    elif isinstance(node, promql.NumberLiteral):
        is_state = isinstance(within, promql.BinaryExpr) and str(within.op) in ("==", "!=")
        yield from _of_state(node.val) if is_state else _of_number(node.val)
    elif isinstance(node, promql.MatrixSelector):
        inner = node.vector_selector
        for kind, window in (("halved", node.range / 2), ("doubled", node.range * 2)):
            change = f"{inner.name}[{duration(node.range)}] → [{duration(window)}]"
            yield kind, change, over(node, window, inner.offset)
        yield from _of_offset(inner, lambda offset: over(node, node.range, offset))
    elif isinstance(node, promql.VectorSelector):
        yield from _of_offset(node, lambda offset: before(node, offset))


def _of_operation(node: Any) -> _Own:
    left, right, operator = printed(node.lhs), printed(node.rhs), str(node.op)
    for other in _TURNED.get(operator, ()):
        text = operation(node, operand(node.lhs), operand(node.rhs), other)
        yield other, f"{_short(left)} {operator} {_short(right)}: {operator} → {other}", text
    if operator in _TURNED and not (node.modifier and node.modifier.return_bool):
        yield "unbounded", f"{_short(left)} {operator} {_short(right)}: no comparison", left
    if operator in ("and", "or", "unless"):
        yield "left only", f"dropped: {operator} {_short(right)}", left
    if operator in ("and", "or"):
        yield "right only", f"dropped: {_short(left)} {operator}", right


def _of_state(value: float) -> _Own:
    other = 0 if value else 1
    yield "other", f"state {value:.10g} → {other}", str(other)


def _of_number(value: float) -> _Own:
    made = {"x0.5": value * 0.5, "x2": value * 2}
    if value == int(value) and abs(value) <= _SMALL:
        made |= {"+1": value + 1, "-1": value - 1}
    for kind, other in made.items():
        yield kind, f"{value:.10g} → {other:.10g}", f"{other:.10g}"


def _of_offset(selector: Any, printed_with: Callable[[timedelta], str]) -> _Own:
    if selector.offset:
        for kind, offset in (("sooner", selector.offset / 2), ("later", selector.offset * 2)):
            yield kind, f"{selector.name} offset {duration(selector.offset)} → {duration(offset)}", printed_with(offset)


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
