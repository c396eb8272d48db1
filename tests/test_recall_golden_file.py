"""A golden file is read as it was written, and whatever else stands in one is refused with its place and its mend."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragpulse import golden_file
from ragpulse.golden import Golden, Query

IDS = tuple(f"record {number}" for number in range(10))
GOLDEN = Golden(
    (
        Query((0.5, -1.0, 3.25), IDS, tuple(number / 8 for number in range(10))),
        Query((0.1, 0.2, 0.3), IDS[::-1], (0.0,) * 9 + (1.0,)),
    )
)

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    golden_file.write(tmp_path / "golden.json", "documents", GOLDEN)
    return tmp_path / "golden.json"


def refusal(file: Path) -> str:
    with pytest.raises(golden_file.GoldenFileError) as refused:
        golden_file.read(file, "documents")
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{file}: ")
    return line.removeprefix(f"{file}: ")


def test_what_was_written_is_read(file: Path) -> None:
    assert golden_file.read(file, "documents") == GOLDEN


def first(document: dict[str, Any]) -> Any:
    return document["queries"][0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            lambda d: d.pop("format"),
            "the file: a mapping with collection, format, queries and nothing else belongs here",
            id="a key is missing",
        ),
        pytest.param(lambda d: d.update(format="1"), 'format: "ragpulse golden file 1" belongs here', id="format"),
        pytest.param(
            lambda d: d.update(collection="notes"),
            "collection: was made of another collection than documents, which is asked",
            id="collection",
        ),
        pytest.param(lambda d: d.update(queries=[]), "queries: a list of 1 to 50 belongs here", id="no queries"),
        pytest.param(
            lambda d: d.update(queries=d["queries"] * 26), "queries: a list of 1 to 50 belongs here", id="52 queries"
        ),
        pytest.param(
            lambda d: d["queries"].append({**d["queries"][0], "k": 3}),
            "queries[2]: a mapping with distances, ids, vector and nothing else belongs here",
            id="a key more",
        ),
        pytest.param(lambda d: first(d)["ids"].pop(), "queries[0].ids: a list of 10 belongs here", id="nine ids"),
        pytest.param(
            lambda d: first(d)["ids"].__setitem__(1, "record 0"),
            "queries[0].ids: 10 different texts of at most 512 characters belong here",
            id="an id twice",
        ),
        pytest.param(
            lambda d: first(d)["ids"].__setitem__(1, "x" * 513),
            "queries[0].ids: 10 different texts of at most 512 characters belong here",
            id="a long id",
        ),
        pytest.param(
            lambda d: first(d)["distances"].reverse(),
            "queries[0].distances: the nearest comes first",
            id="the farthest first",
        ),
        pytest.param(
            lambda d: first(d)["distances"].__setitem__(9, float("nan")),
            "queries[0].distances[9]: a number belongs here",
            id="NaN",
        ),
        pytest.param(
            lambda d: first(d)["vector"].__setitem__(0, 10**400),
            "queries[0].vector[0]: a number belongs here",
            id="a number beyond 32 bits",
        ),
        pytest.param(
            lambda d: first(d)["vector"].__setitem__(0, True),
            "queries[0].vector[0]: a number belongs here",
            id="a truth value",
        ),
        pytest.param(
            lambda d: first(d)["vector"].append(1),
            "queries[1].vector: has another dimension than the first",
            id="two dimensions",
        ),
        pytest.param(
            lambda d: [query.update(distances=[0] * 10) for query in d["queries"]],
            "queries: all distances are 0, so that nothing can be far away",
            id="no distance at all",
        ),
    ],
)
def test_what_does_not_belong_is_one_line_with_its_place(file: Path, change: Change, said: str) -> None:
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))
    assert refusal(file) == said


def test_what_is_no_json_or_not_there_is_one_line(file: Path) -> None:
    for content in (b"\xff", b"{", b"[" * 100_000, b""):
        file.write_bytes(content)
        assert refusal(file) == "is not JSON"
    file.unlink()
    assert refusal(file) == "No such file or directory"


def test_a_file_that_is_too_large_is_not_read_whole(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(golden_file.MAX_BYTES + 1)
    assert refusal(file) == "is larger than 16 MiB; ask fewer queries"
