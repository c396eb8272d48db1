"""A selector means the label values that it was given, whatever they are, and no others."""

import re

import promql_parser
from hypothesis import given
from hypothesis import strategies as st

from ragpulse.catalogue.service import UP
from ragpulse.promql import instant
from tests.fakes.strategies import any_text

# What a label can hold once it stands on a page.
values = any_text.map(lambda text: re.sub("[\ud800-\udfff]", "?", text))


def matcher(expression: str) -> tuple[str, str]:
    selector = promql_parser.parse(expression)
    assert isinstance(selector, promql_parser.VectorSelector)
    (found,) = selector.matchers.matchers
    return str(found.op), found.value


@given(values)
def test_one_value_is_matched_as_it_is(value: str) -> None:
    assert matcher(instant(UP, service=value)) == ("MatchOp.Equal", value)


@given(st.lists(values.map(lambda text: text[:50]), min_size=2, max_size=4, unique=True), values)
def test_any_of_several_values_is_matched_and_nothing_else(choices: list[str], other: str) -> None:
    operator, pattern = matcher(instant(UP, service=tuple(choices)))
    assert operator == "MatchOp.Re"
    assert all(re.fullmatch(pattern, choice) for choice in choices)
    assert bool(re.fullmatch(pattern, other)) == (other in choices)
