"""tests/clusters/: one file for each kind of mistake, its whole output in its first lines. A new kind is a new file.

`unreadable` is no YAML or no cluster file, `structure` has a wrong name, type or unit (what a schema knows too),
`meaning` contradicts itself, `good` has no mistake.
"""

import copy
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ragpulse import cluster_file, yaml_file
from ragpulse.errors import ConfigError
from ragpulse.location import Path_

CLUSTERS = Path(__file__).parent / "clusters"
BAD = sorted(path for folder in ("unreadable", "structure", "meaning") for path in (CLUSTERS / folder).iterdir())
GOOD = sorted((CLUSTERS / "good").iterdir())
MANY = CLUSTERS / "many" / "ten_at_once.yaml"


@cache
def told(file: Path) -> tuple[str, ...]:
    """Each line as if the command had been started beside the file."""
    with pytest.raises(ConfigError) as error:
        cluster_file.load(file)
    return tuple(line.replace(str(file), file.name) for line in str(error.value).splitlines())


def expected(file: Path) -> Iterator[str]:
    for line in file.read_bytes().decode("utf-8", "replace").splitlines():
        if not line.startswith(f"# {file.name}:"):
            return
        yield line.removeprefix("# ")


@pytest.mark.parametrize("file", [*BAD, MANY], ids=lambda path: path.stem)
def test_a_mistake_is_told_with_its_place_and_mend_and_nothing_else_is(file: Path) -> None:
    assert told(file) == tuple(expected(file))


@pytest.mark.parametrize("file", GOOD, ids=lambda path: path.stem)
def test_what_may_be_right_is_not_refused(file: Path) -> None:
    cluster_file.load(file)


def test_ten_kinds_in_one_file_are_told_in_one_run_in_the_order_of_its_lines() -> None:
    lines = [int(line.split(":")[1]) for line in told(MANY)]
    assert len(lines) >= 10
    assert lines == sorted(lines)


@pytest.mark.parametrize("file", BAD, ids=lambda path: path.stem)
def test_no_message_speaks_of_the_library(file: Path) -> None:
    assert not [line for line in told(file) if "input should" in line.lower() or "pydantic" in line]


@pytest.mark.parametrize(
    "name", ["secret_in_the_file", "secret_of_a_receiver", "url_with_credentials", "url_with_a_query"]
)
def test_what_may_be_a_secret_is_not_repeated(name: str) -> None:
    text = (CLUSTERS / "structure" / f"{name}.yaml").read_text()
    secrets = [word for word in ("sk-tron-4711", "tron-4711-clu", "hunter2", "tenant=team") if word in text]
    assert secrets
    assert not [line for line in told(CLUSTERS / "structure" / f"{name}.yaml") for word in secrets if word in line]


def test_what_a_faulty_part_would_have_said_is_not_made_up() -> None:
    text = (
        "cluster: home\n"
        "nodes: {box: {address: 127.0.0.1}}\n"
        "services:\n"
        "  # `every` cannot be read, so nobody knows whether the timeout fits.\n"
        "  db: {kind: chroma, nodes: [box], url: 'http://127.0.0.1:8001', every: 20, timeout: 5s}\n"
    )
    with pytest.raises(ConfigError) as error:
        cluster_file.parse(yaml_file.parse(text, "c.yaml"), "c.yaml")
    assert str(error.value) == (
        "c.yaml:5: services.db.every: 20 has no unit; write it like 10s (units: ms, s, m, h, d, w)"
    )


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inner:
        yield from places(held, (*path, key))


def with_other(value: Any, path: Path_, other: Any) -> Any:
    if not path:
        return other
    changed = copy.copy(value)
    changed[path[0]] = with_other(value[path[0]], path[1:], other)
    return changed


def lines(document: yaml_file.Document) -> list[str]:
    """What is told of it; nothing where it is allowed."""
    try:
        cluster_file.parse(document, "c.yaml")
    except ConfigError as error:
        return str(error).splitlines()
    return []


@pytest.mark.no_cover  # thousands of files, of whose lines the tests above go through all
@pytest.mark.parametrize(
    "other",
    [None, True, -1, 0.5, 10**30, float("nan"), "", "\0", "nonsense", "0.5", [], ["x", 7], [[]], {}, {"x": 7}],
    ids=repr,
)
def test_anything_in_any_place_is_allowed_or_told_in_our_own_words(other: Any) -> None:
    document = yaml_file.read(CLUSTERS / "good" / "every_key.yaml")
    said = [
        line
        for path in places(document.value)
        for line in lines(yaml_file.Document(with_other(document.value, path, other), document.lines))
    ]
    assert len(said) > 50
    assert not [line for line in said if re.search(r"input|Extra|valid|:\s*$", line)]
