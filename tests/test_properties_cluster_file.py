"""A cluster file with anything wrong in it: a cluster, or one line for each mistake, never a traceback."""

import copy
import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ragpulse import cluster_file, yaml_file
from ragpulse.errors import ConfigError
from ragpulse.inventory import Cluster
from tests.fakes.strategies import any_text, mutants, tries

ROOT = Path(__file__).parent.parent
EXAMPLE = (ROOT / "cluster.example.yaml").read_text()
SMALL = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"
LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what YAML takes for one
LINE = re.compile(r"c\.yaml(:[1-9][0-9]*)?: [^ ].*")


def outcome(text: str) -> Cluster | ConfigError:
    """Errors: AssertionError for a mistake that is not one readable line with file and place."""
    try:
        return cluster_file.parse(yaml_file.parse(text, "c.yaml"), "c.yaml")
    except ConfigError as error:
        told = error
    lines = str(told).split("\n")
    assert len(lines) == len(told.problems) > 0
    assert all(line.isprintable() and LINE.fullmatch(line) for line in lines), lines
    assert all(problem.line or not problem.key for problem in told.problems), "what has a key has a line"
    assert all(1 <= problem.line <= len(LINE_END.split(text)) for problem in told.problems if problem.line)
    return told


any_value: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20),
        st.sampled_from(("10s", "1w", "0.9", "sark", "vllm", "http://127.0.0.1:8000", "/run/x", "127.0.0.1", "on")),
        st.dates(dt.date(1, 1, 1)), st.binary(max_size=3),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """(what holds it, its key or index) of everything in a file."""
    keys = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in keys for found in ((value, key), *places(inner))]


@st.composite
def mistaken(draw: st.DrawFn) -> str:
    """The example with one to three keys gone, called otherwise, or holding something else."""
    value = yaml.safe_load(EXAMPLE)
    for _ in range(draw(st.integers(1, 3))):
        parent, key = draw(st.sampled_from(places(value)))
        match draw(st.sampled_from(("delete", "rename", "replace", "move"))):
            case "delete":
                del parent[key]
            case "rename" if isinstance(parent, dict):
                parent[draw(st.text(max_size=8)) or f"{key}s"] = parent.pop(key)
            case "move":
                holder, at = draw(st.sampled_from(places(value)))
                parent[key] = copy.deepcopy(holder[at])
            case _:
                parent[key] = draw(any_value)
        if not places(value):
            break
    return yaml.safe_dump(value, allow_unicode=draw(st.booleans()), default_flow_style=draw(st.booleans()))


@tries(0.5)
@given(mistaken())
def test_any_key_may_be_lost_misnamed_or_hold_anything(text: str) -> None:
    outcome(text)


@tries(0.5)
@given(mutants(EXAMPLE))
def test_any_line_or_character_may_be_wrong(text: str) -> None:
    outcome(text)


@given(any_text | st.text("-:{}[]&*!|>'\"%@`#,? \n\tab01.~<", max_size=60))
def test_any_text_may_stand_in_the_file(text: str) -> None:
    outcome(text)
    outcome(SMALL + "note: " + text)


HUGE = "0x" + "F" * 5000


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        pytest.param("note: !!timestamp soon", "3: note: ", id="a date that is none"),
        pytest.param('note: !!int ""', "3: note: ", id="a whole number of no digits"),
        pytest.param('note: !!float ""', "3: note: ", id="a number of no digits"),
        pytest.param("note: !!bool perhaps", "3: note: ", id="neither true nor false"),
        pytest.param("note: 1" + ":1" * 300 + ".5", "3: note: ", id="a number to the base of 60 without end"),
        pytest.param(f"note: {HUGE}", "3: note: is beyond all measure", id="a number that cannot be written down"),
        pytest.param(f"services: {{v: {{kind: {HUGE}}}}}", "3: services.v.kind: is beyond", id="a kind of that size"),
        pytest.param('"a\\nb": 1', "3: a\\nb: unknown key", id="a key of two lines"),
        pytest.param('"": 1', "3: '': unknown key", id="a key without a name"),
        pytest.param("? [a]\n: 1", "3: a key must be one word", id="a key that is a list"),
        pytest.param(
            "services: {m: {kind: memory, nodes: [a], url: 'http://a', search: {path: /, json: {since: 2026-01-01}}}}",
            "3: services.m.search.json: cannot be sent as JSON", id="a date in a request",
        ),
        pytest.param(
            "services: {m: {kind: memory, nodes: [a], url: 'http://a', search: {path: /, json: {most: .inf}}}}",
            "3: services.m.search.json: cannot be sent as JSON", id="an endless number in a request",
        ),
    ],
)  # fmt: skip
def test_what_yaml_can_say_and_nobody_means_is_a_mistake_like_any_other(text: str, mistake: str) -> None:
    found = outcome(SMALL + text + "\n")
    assert isinstance(found, ConfigError)
    assert any(line.startswith(f"c.yaml:{mistake}") for line in str(found).split("\n")), str(found)


words = st.text("abcdefg", min_size=1, max_size=3).filter(lambda word: word not in {"y", "n", "on", "off", "no", "yes"})
trees: st.SearchStrategy[Any] = st.recursive(
    st.integers(0, 99) | st.none() | st.booleans() | words | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@tries(0.3)
@given(st.dictionaries(words, trees, min_size=1), st.booleans())
def test_every_value_is_read_as_it_was_written_and_found_on_its_line(tree: dict[str, Any], flow: bool) -> None:  # noqa: FBT001
    text = yaml.safe_dump(tree, default_flow_style=flow, width=30)
    document = yaml_file.parse(text, "c.yaml")
    assert (document.value, document.problems) == (tree, ())
    lines = text.split("\n")
    for path, line in document.lines.items():
        if path and isinstance(path[-1], str):
            assert path[-1] in lines[line - 1]
