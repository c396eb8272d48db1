"""A parsed PromQL expression as text again: whole, around changed parts, or only its shape.

promql-parser's own printer forgets to escape what stands in quotes. Here each operation within another stands in
parentheses, so that nothing moves when a part of it goes. Errors: TypeError for what no rule of ours has.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import promql_parser as promql

_MATCHED = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


def printed(node: Any) -> str:
    return around(node, [operand(child) for child in children(node)])


def operand(node: Any) -> str:
    return f"({printed(node)})" if isinstance(node, promql.BinaryExpr) else printed(node)


def children(node: Any) -> list[Any]:
    if isinstance(node, promql.BinaryExpr):
        return [node.lhs, node.rhs]
    if isinstance(node, promql.AggregateExpr):
        return [node.param, node.expr] if isinstance(node.param, promql.Expr) else [node.expr]
    if isinstance(node, promql.Call):
        return list(node.args)
    return [node.expr] if isinstance(node, promql.ParenExpr | promql.UnaryExpr) else []


def around(node: Any, texts: Sequence[str]) -> str:
    """The node, with these as its children."""
    if isinstance(node, promql.BinaryExpr):
        return operation(node, texts[0], texts[1], str(node.op))
    if isinstance(node, promql.AggregateExpr):
        labels = f" {node.modifier}" if node.modifier else ""
        return f"{node.op}{labels} ({', '.join(texts)})"
    if isinstance(node, promql.Call):
        return f"{node.func.name}({', '.join(texts)})"
    if isinstance(node, promql.ParenExpr):
        return f"({texts[0]})"
    if isinstance(node, promql.UnaryExpr):
        return f"-{texts[0]}"
    return _without_children(node)


def _without_children(node: Any) -> str:
    if isinstance(node, promql.MatrixSelector):
        return over(node, node.range, node.vector_selector.offset)
    if isinstance(node, promql.VectorSelector):
        return before(node, node.offset)
    if isinstance(node, promql.StringLiteral):
        return _quoted(node.val)
    if isinstance(node, promql.NumberLiteral):
        return f"{node.val:.10g}"
    raise TypeError(f"no rule of ours has such a thing: {node}")


def operation(node: Any, left: str, right: str, operator: str) -> str:
    modifier = node.modifier
    words = [left, operator]
    if modifier and modifier.return_bool:
        words.append("bool")
    if modifier and modifier.matching:
        words.append(str(modifier.matching))
    if modifier and modifier.card == promql.VectorMatchCardinality.ManyToOne:
        words.append(f"group_left ({', '.join(modifier.group_labels or ())})")
    return " ".join([*words, right])


def over(node: Any, window: timedelta, offset: timedelta | None) -> str:
    """What a range selects, over another window or from another time."""
    return f"{_selector(node.vector_selector)}[{duration(window)}]{_offset(offset)}"


def before(node: Any, offset: timedelta | None) -> str:
    return _selector(node) + _offset(offset)


def duration(value: timedelta) -> str:
    return str(promql.display_duration(value))


def shape(node: Any) -> str:
    """The same for all expressions that one line of code writes: without numbers, windows and values of labels."""
    inner = ",".join(shape(child) for child in children(node))
    if isinstance(node, promql.BinaryExpr):
        return f"{operation(node, '', '', str(node.op))}({inner})"
    if isinstance(node, promql.AggregateExpr):
        return f"{node.op}{node.modifier}({inner})"
    if isinstance(node, promql.Call):
        return f"{node.func.name}({inner})"
    if isinstance(node, promql.MatrixSelector):
        return f"{node.vector_selector.name}[]"
    return str(node.name) if isinstance(node, promql.VectorSelector) else f"{type(node).__name__}({inner})"


def _selector(node: Any) -> str:
    matchers = (f"{each.name}{_MATCHED[str(each.op)]}{_quoted(each.value)}" for each in node.matchers.matchers)
    return f"{node.name or ''}{{{','.join(matchers)}}}"


def _offset(offset: timedelta | None) -> str:
    return f" offset {duration(offset)}" if offset else ""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
