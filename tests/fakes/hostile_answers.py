"""A service of every kind that is well, and what a hostile one puts in the place of one answer or of a field of it."""

import json
from typing import Any

from ragpulse.golden import NEAREST, Query
from tests.fakes.hostile_wire import answer

_DATABASE = "/api/v2/tenants/default_tenant/databases/default_database"
_ID = "00000000-0000-4000-8000-000000000001"
VERSION, LISTED, COUNT = "/api/v2/version", f"{_DATABASE}/collections", f"{_DATABASE}/collections_count"
RECORDS = f"{LISTED}/{_ID}/count"
LOOKED_UP, QUERY = f"{LISTED}/documents", f"{LISTED}/{_ID}/query"
MODELS, METRICS, VLLM_VERSION, STATUS = "/v1/models", "/metrics", "/version", "/status"
EMBEDDINGS, CHAT = "/v1/embeddings", "/v1/chat/completions"

# What a canary asks of the collection, and what it must find.
GOLDEN = Query((1.0, 0.0, 0.0), tuple(f"d-{number}" for number in range(NEAREST)), (0.25,) * NEAREST)

PAGE = """\
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="llama"} 1
"""
WELL: dict[str, Any] = {
    "/api/v2/heartbeat": {"nanosecond heartbeat": 1},
    VERSION: "0.5.23",
    "/api/v2/tenants/default_tenant": {"name": "default_tenant"},
    _DATABASE: {"name": "default_database"},
    COUNT: 1,
    LISTED: [{"name": "documents", "id": _ID}],
    RECORDS: 7,
    LOOKED_UP: {"id": _ID, "dimension": 3},
    QUERY: {"ids": [list(GOLDEN.ids)], "distances": [list(GOLDEN.distances)], "documents": [["a text"]]},
    STATUS: {"status": "ok", "entries": 5, "a": {"b": {"c": 1}}},
    "/search": {"status": "ok"},
    MODELS: {"data": [{"id": "llama"}]},
    VLLM_VERSION: {"version": "0.32.0"},
    EMBEDDINGS: {"data": [{"embedding": [0.5, 1, -2.5]}]},
}
_ANSWER = {"model": "llama", "choices": [{"delta": {"content": "e"}, "finish_reason": "length"}]}
CHATTED = f"data: {json.dumps(_ANSWER)}\n\ndata: [DONE]\n\n".encode()
_DEEP = 100_000
VALUES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "true": b"true",
    "false": b"false",
    "zero": b"0",
    "a negative": b"-1",
    "a fraction": b"1.5",
    "a whole float": b"3.0",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "1e999": b"1e999",
    "an integer of 400 digits": b"9" * 400,
    "an integer of 5,000 digits": b"9" * 5000,
    "one more than a float can count": b"9007199254740993",
    "a number with a leading zero": b"007",
    "an empty text": b'""',
    "a text": b'"ok then"',
    "a text of 7 MB": b'"' + b"x" * 7_000_000 + b'"',
    "a text of control characters": json.dumps("a\n\r\0\x1b[31m\x85\u2028b").encode(),
    "a lone surrogate": b'"\\ud800"',
    "a path": b'"../../../../secret"',
    "quotes": json.dumps('"} 1\nragpulse_service_up{service="x"} 1').encode(),
    "raw control characters": b'"a\n\0b"',
    "an empty list": b"[]",
    "an empty object": b"{}",
    "a list of null": b"[null]",
    "a list of lists": b"[[[]]]",
    "a list of objects": b'[{"id": {}, "name": []}]',
    "an object of objects": b'{"id": {}, "name": {}, "data": {}, "version": {}}',
    "one key ten times": b"{" + b",".join([b'"id": 1, "name": null, "status": []'] * 10) + b"}",
    "a deep list": b"[" * _DEEP + b"]" * _DEEP,
    "a deep object": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    "a list that is cut off": b'["documents", ',
    "a comma too many": b"[1,]",
    "quotes of Python": b"{'id': 'x'}",
    "a mark of byte order": b"\xef\xbb\xbf{}",
    "UTF-16": '{"id": "x"}'.encode("utf-16"),
    "bytes that are no text": b'"\xff\xfe\xfd"',
}  # fmt: skip

_NOT_JSON = {
    "nothing", "an integer of 5,000 digits", "a number with a leading zero", "raw control characters", "a deep list",
    "a deep object", "a list that is cut off", "a comma too many", "quotes of Python", "a mark of byte order", "UTF-16",
    "bytes that are no text",
}  # fmt: skip
_TOO_LARGE = {"a text of 7 MB"}
_UNLABELLED = {"a text of control characters", "a lone surrogate", "quotes", *_TOO_LARGE}
_TEXTS = {"an empty text", "a text", "a path", *_UNLABELLED}
_NUMBERS = {"zero", "a negative", "a fraction", "a whole float", "one more than a float can count"}
_SMALL_JSON = VALUES.keys() - _NOT_JSON - _TOO_LARGE
# Every field that a source or probe reads: where it stands in the answer of its path, and which values are good there.
FIELDS: dict[tuple[str, tuple[str | int, ...]], set[str]] = {
    ("/api/v2/heartbeat", ()): set(),
    (VERSION, ()): _TEXTS - _UNLABELLED,
    ("/api/v2/tenants/default_tenant", ()): {"an object of objects", "one key ten times"},
    (COUNT, ()): {"zero"},
    (LISTED, ()): {"an empty list"},
    (LISTED, (0,)): {"nothing"},
    (LISTED, (0, "name")): _TEXTS,
    (LISTED, (0, "id")): set(),
    (RECORDS, ()): {"zero"},
    (LOOKED_UP, ()): set(),
    (LOOKED_UP, ("id",)): set(),
    (LOOKED_UP, ("dimension",)): set(),
    (QUERY, ()): set(),
    (QUERY, ("ids",)): set(),
    (QUERY, ("ids", 0)): set(),
    (QUERY, ("ids", 0, 0)): _TEXTS - _TOO_LARGE,
    (QUERY, ("distances",)): set(),
    (QUERY, ("distances", 0)): set(),
    (QUERY, ("distances", 0, 0)): _NUMBERS,
    (STATUS, ()): set(),
    (STATUS, ("status",)): set(),
    (STATUS, ("entries",)): _SMALL_JSON,
    (STATUS, ("a",)): _SMALL_JSON,
    (STATUS, ("a", "b", "c")): _SMALL_JSON,
    ("/search", ()): set(),
    (MODELS, ()): set(),
    (MODELS, ("data",)): set(),
    (MODELS, ("data", 0)): set(),
    (MODELS, ("data", 0, "id")): _TEXTS - _TOO_LARGE,
    (VLLM_VERSION, ()): set(VALUES),  # nothing depends on it
    (VLLM_VERSION, ("version",)): set(VALUES),
}


def routes(path: str = "", field: tuple[str | int, ...] = (), value: bytes = b"") -> dict[str, bytes]:
    """The answer to each path; in that of `path`, `value` stands at `field`, as raw JSON."""
    bodies = {where: json.dumps(found).encode() for where, found in WELL.items()} | {
        METRICS: PAGE.encode(),
        CHAT: CHATTED,
    }
    if path:
        bodies[path] = replaced(WELL.get(path), field, value)
    return {where: answer(body) for where, body in bodies.items()} | {"/health": answer(b""), "/": answer(b"")}


def replaced(document: Any, field: tuple[str | int, ...], value: bytes) -> bytes:
    """The document as JSON, with `value` at `field`."""
    if not field:
        return value
    mark = "the place of the value"
    copy = json.loads(json.dumps(document))
    place = copy
    for step in field[:-1]:
        place = place[step]
    place[field[-1]] = mark
    return json.dumps(copy).encode().replace(json.dumps(mark).encode(), value)
