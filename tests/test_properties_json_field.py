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
odd = st.sampled_from((float("inf"), float("-inf"), float("nan"), 10**400))
values = odd | st.none() | st.booleans() | st.integers() | st.floats() | any_text | st.lists(st.integers())
keys = st.sampled_from(("a", "b", "0", "")) | any_text.filter(lambda text: "." not in text)


@st.composite
def documents(draw: st.DrawFn) -> tuple[Any, str]:
    """A document and the path of something in it, or of nothing."""
    path = draw(st.lists(keys, min_size=1, max_size=4))
    document: Any = draw(values)
    for key in reversed(path[: draw(st.integers(1, len(path)))]):
        document = draw(st.dictionaries(keys, values, max_size=2)) | {key: document}
    return document, ".".join(path)


def assert_right(document: Any, path: str) -> None:
    found: Any = document
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    assert json_field.at(document, path) is found
    number = json_field.number_at(document, path)
    assert (number is not None) == (type(found) in {int, float} and -BIGGEST <= found <= BIGGEST)
    assert number is None or (type(number) is float and number == float(found))


@given(documents())
@example(({"a": 10**400}, "a"))
@example(({"a": {"": True}}, "a."))
def test_a_field_is_what_stands_there_and_a_number_is_finite(asked: tuple[Any, str]) -> None:
    assert_right(*asked)


@given(st.sampled_from(ANSWERS).flatmap(mutants))
def test_a_recorded_answer_with_a_fault_is_no_json_or_read_as_it_stands(text: str) -> None:
    try:
        document = json.loads(text)
    except ValueError:
        return
    for path in ("a.b", "a.d", *(document if isinstance(document, dict) else ())):
        assert_right(document, path)
