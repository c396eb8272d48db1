"""A field of a JSON answer, whatever the answer is: what stands there, a finite number of it, or nothing."""

import json
import sys
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from exporters import json_field
from tests.fakes.strategies import any_text, mutants

BIGGEST = sys.float_info.max
CAPTURES = Path(__file__).parent / "captures"
ANSWERS = [
    *(path.read_text() for kind in ("chroma", "memory") for path in sorted((CAPTURES / kind).rglob("*.json"))),
    '{"a": {"b": [1, {"c": 1e999}], "d": NaN}, "e": -Infinity, "f": 1E400}',
]
documents: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)
paths = st.lists(st.sampled_from(("a", "b", "c", "0", "")) | any_text, min_size=1, max_size=4).map(".".join)


def assert_right(document: Any, path: str) -> None:
    found: Any = document
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    assert json_field.at(document, path) is found
    number = json_field.number_at(document, path)
    assert (number is not None) == (type(found) in {int, float} and -BIGGEST <= found <= BIGGEST)
    assert number is None or (type(number) is float and number == float(found))


@given(documents, paths)
@example({"a": 10**400}, "a")
@example({"a": {"": True}}, "a.")
def test_a_field_is_what_stands_there_and_a_number_is_finite(document: Any, path: str) -> None:
    assert_right(document, path)


@given(st.sampled_from(ANSWERS).flatmap(mutants), paths)
def test_a_recorded_answer_with_a_fault_is_no_json_or_read_as_it_stands(text: str, path: str) -> None:
    try:
        document = json.loads(text)
    except ValueError:
        return
    for found in (path, *(key for key in (document if isinstance(document, dict) else ()))):
        assert_right(document, found)
