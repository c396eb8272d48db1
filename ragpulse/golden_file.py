"""A golden file: queries of an operator's own collection and what each must find. docs/recall.md has its form.

Checked by hand, for the agent that reads it does without the library that checks the cluster file. Errors:
GoldenFileError, one line with the file, the place in it and what belongs there.
"""

import itertools
import json
from pathlib import Path
from typing import Any

from ragpulse import atomic
from ragpulse.errors import RagpulseError
from ragpulse.golden import NEAREST, Golden, Query
from ragpulse.golden_search import Vector

FORMAT = "ragpulse golden file 1"
MAX_QUERIES = 50  # as many as our own set asks: one request of a server that has other things to do
MAX_DIMENSION = 65_536
MAX_BYTES = 16 * 1024 * 1024
_LONGEST_ID = 512
_FLOAT32_MAX = 3.4028234663852886e38
_TOP, _QUERY = {"format", "collection", "queries"}, {"vector", "ids", "distances"}


class GoldenFileError(RagpulseError):
    exit_code = 2


def write(file: Path, collection: str, golden: Golden) -> None:
    lines = ",\n".join(
        json.dumps({"vector": query.vector, "ids": query.ids, "distances": query.distances}) for query in golden.queries
    )
    head = f'"format": {json.dumps(FORMAT)}, "collection": {json.dumps(collection)}'
    atomic.write(file, f'{{{head}, "queries": [\n{lines}\n]}}\n')


def read(file: Path, collection: str) -> Golden:
    """`collection`: the one that is asked, and that the file must have been made of."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise GoldenFileError(f"{file}: {error.strerror}") from error
    try:
        return _golden(_document(content), collection)
    except ValueError as error:
        raise GoldenFileError(f"{file}: {error}") from None


def _document(content: bytes) -> Any:
    if len(content) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES // 1024**2} MiB; ask fewer queries")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None


def _golden(document: Any, collection: str) -> Golden:
    found = _mapping(document, _TOP, "the file")
    if found["format"] != FORMAT:
        raise ValueError(f"format: {json.dumps(FORMAT)} belongs here")
    if found["collection"] != collection:
        raise ValueError(f"collection: was made of another collection than {collection}, which is asked")
    listed = _list(found["queries"], "queries", 1, MAX_QUERIES)
    queries = tuple(_query(entry, f"queries[{number}]") for number, entry in enumerate(listed))
    for number, query in enumerate(queries):
        if len(query.vector) != len(queries[0].vector):
            raise ValueError(f"queries[{number}].vector: has another dimension than the first")
    golden = Golden(queries)
    if not golden.mean_distance > 0:
        raise ValueError("queries: all distances are 0, so that nothing can be far away")
    return golden


def _query(entry: Any, at: str) -> Query:
    found = _mapping(entry, _QUERY, at)
    ids = _list(found["ids"], f"{at}.ids", NEAREST, NEAREST)
    if not all(isinstance(each, str) and 0 < len(each) <= _LONGEST_ID for each in ids) or len(set(ids)) != NEAREST:
        raise ValueError(f"{at}.ids: {NEAREST} different texts of at most {_LONGEST_ID} characters belong here")
    distances = _numbers(found["distances"], f"{at}.distances", NEAREST, NEAREST)
    if any(one > other for one, other in itertools.pairwise(distances)):
        raise ValueError(f"{at}.distances: the nearest comes first")
    return Query(_numbers(found["vector"], f"{at}.vector", 1, MAX_DIMENSION), tuple(ids), distances)


def _mapping(value: Any, keys: set[str], at: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != keys:
        raise ValueError(f"{at}: a mapping with {', '.join(sorted(keys))} and nothing else belongs here")
    return value


def _list(value: Any, at: str, least: int, most: int) -> list[Any]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise ValueError(f"{at}: a list of {least if least == most else f'{least} to {most}'} belongs here")
    return value


def _numbers(value: Any, at: str, least: int, most: int) -> Vector:
    return tuple(_number(each, f"{at}[{number}]") for number, each in enumerate(_list(value, at, least, most)))


def _number(value: Any, at: str) -> float:
    """Within what 32 bits hold, as Chroma stores it."""
    if type(value) not in (int, float) or not abs(value) <= _FLOAT32_MAX:
        raise ValueError(f"{at}: a number belongs here")
    return float(value)
