"""What joins the conditions of an alert: PromQL's precedence, and nothing lost of any expression that we ship."""

import promql_parser
import pytest

from alerts.rule import Alert
from alerts.rules import COMPONENTS
from ragpulse.explain.clauses import Clause, Comparison, clause, comparison
from tests.fakes.rule_tests import small_cluster

ALERTS = [
    rule
    for rules in COMPONENTS.values()
    for group in rules(small_cluster())
    for rule in group.rules
    if isinstance(rule, Alert)
]


def bare(text: str) -> str:
    """Without spaces and the parentheses that taking apart removes."""
    return text.replace(" ", "").replace("(", "").replace(")", "").replace("\n", "")


def together(found: Clause) -> str:
    if not found.parts:
        return found.text
    return " ".join(f"{part.how} {together(part.clause)}" for part in found.parts)


def single(found: Clause) -> list[str]:
    return [text for part in found.parts for text in single(part.clause)] or [found.text]


def shape(found: Clause) -> object:
    return [(part.how, shape(part.clause)) for part in found.parts] or found.text


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert.name} {alert.component}")
def test_the_parts_of_every_alert_are_all_of_it_and_promql_themselves(alert: Alert) -> None:
    found = clause(alert.expr)
    assert bare(together(found)) == bare(alert.expr)
    for text in single(found):
        promql_parser.parse(text)
        if compared := comparison(text):
            promql_parser.parse(compared.left)


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("a", "a"),
        ("((a))", "a"),
        ("a and b", [("", "a"), ("and", "b")]),
        ("a or b and c", [("", "a"), ("or", [("", "b"), ("and", "c")])]),
        ("(a or b) and c", [("", [("", "a"), ("or", "b")]), ("and", "c")]),
        ("a unless on () (b or c)", [("", "a"), ("unless on ()", [("", "b"), ("or", "c")])]),
        ("a and on (x, y) b", [("", "a"), ("and on (x, y)", "b")]),
        ('a{x="b and \\" or c"} == 1', 'a{x="b and \\" or c"} == 1'),
        ("sum by (or_not) (a and b)", "sum by (or_not) (a and b)"),
        ("order and android", [("", "order"), ("and", "android")]),
        ("(a) and (b)", [("", "a"), ("and", "b")]),
    ],
)
def test_words_join_as_promql_joins(expression: str, parts: object) -> None:
    assert shape(clause(expression)) == parts


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("a", None),
        ("a > bool 1", None),
        ('a{x!="y"}', None),
        ("sum(a > 1)", None),
        ('a{x=~"y"} >= 14.4', Comparison('a{x=~"y"}', ">=", "14.4")),
        ("max by (x) (a) == 0", Comparison("max by (x) (a)", "==", "0")),
        ("max by (x) (a == 1)", Comparison("max by (x) (a)", "==", "1")),
        ("max by (x) (a == 1) and b", None),
        ("max(a > b and c)", None),
        ("a / b < c", Comparison("a / b", "<", "c")),
    ],
)
def test_what_is_compared_with_what(text: str, compared: Comparison | None) -> None:
    assert comparison(text) == compared
