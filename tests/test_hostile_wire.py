"""Whatever a hostile server does on the wire ends as a reason: for every kind that talks HTTP, in time, contained."""

import gzip
import tracemalloc
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from exporters.http_client import MAX_BODY_BYTES
from tests.fakes.hostile_server import hostile
from tests.fakes.hostile_watch import CHECKS, SECRET, Seen, Watch
from tests.fakes.hostile_wire import BODY, MEBI, MISLEADING, SERVERS, SLOW, gzip_bomb, gzip_of_zeros
from tests.fakes.watched import PATIENT

QUICK = 0.2  # seconds of a request that must be cut
UNANSWERED = {
    "timeout": (*SLOW, "never accepts"),
    "connect": (
        "hangs up without a word", "a head cut off", "a body cut off", "chunks cut off", "resets at once",
        "resets in its head", "resets in its body",
    ),
    "too_large": (
        "headers without end", "a million header lines", "a header of 10 MB", "a thousand headers",
        "a status line of 10 MB", "a storm of 100 Continue",
    ),
    "invalid": (
        "garbage", "garbage without a line", "a chunk of no size", "a chunk of negative size", "the preface of HTTP/2",
        "settings of HTTP/2", "a greeting in TLS", "a length of -1", "a length that is no number",
        "a length of 5,000 digits", "two lengths", "status 000", "status 99", "status 101", "a status of text",
        "a header without a colon", "a header with NUL", "an unknown transfer encoding", "the request itself",
        "the request for a status", "HTTP/0.9",
    ),
}  # fmt: skip
ANSWERED = {
    "too_large": ("100 MB", "100 MB without a length", "100 MB in one chunk", "a gzip bomb"),
    "redirect": (
        "redirects to itself", "redirects ever deeper", "redirects to another host", "redirects to a file",
        "redirects nowhere",
    ),
    "invalid": ("gzip in gzip in gzip", "gzip that is none", "gzip cut off", "an unknown encoding", "status 999"),
}  # fmt: skip
FOLLOWED = {"redirects to another host": "connect"}  # where nobody listens
REASONS = {name: reason for table in (UNANSWERED, ANSWERED) for reason, names in table.items() for name in names}
EVERY_CHECK = {(kind, check) for kind, checks in CHECKS.items() for check in checks}
BY_STATUS_ALONE = {("http", "response"), ("vllm", "health")}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    return file


def look(
    server: Callable[[], AbstractContextManager[str]],
    secret: Path,
    request_timeout: float = PATIENT,
    kinds: Iterable[str] = CHECKS,
) -> Seen:
    with server() as url, Watch(url, secret, request_timeout, tuple(kinds)) as watch:
        watch.round()
        return watch.seen()


def test_each_behaviour_has_its_reason_in_the_tables() -> None:
    assert REASONS.keys() == SERVERS.keys()


@pytest.mark.parametrize("name", SERVERS)
def test_every_check_fails_for_the_reason_of_the_table(name: str, secret: Path) -> None:
    seen = look(SERVERS[name], secret, QUICK if REASONS[name] == "timeout" else PATIENT)
    followed = FOLLOWED.get(name, REASONS[name])
    assert seen.failures() == {**dict.fromkeys(EVERY_CHECK, REASONS[name]), ("site", "response"): followed}
    answered = name in [each for names in ANSWERED.values() for each in names]
    series = seen.series()
    assert {kind: series["ragpulse_service_up", kind] for kind in CHECKS} == {
        **dict.fromkeys(CHECKS, float(answered)),
        "rag": 0.0,  # a question was answered, or it was not
    }
    assert {kind: series["ragpulse_service_ready", kind] for kind in CHECKS} == dict.fromkeys(CHECKS, 0.0)
    assert seen.state_of_vllm() == (None if answered else "down")
    assert set(seen.errors()) == ({"vllm:vllm"} if answered else set()), "it was not read, and that is told"
    seen.assert_contained()
    for text in (seen.page, seen.landing, seen.log):
        assert BODY.decode() not in text


@pytest.mark.parametrize("name", MISLEADING)
def test_a_good_status_over_something_else_convinces_only_who_asks_for_the_status_alone(
    name: str, secret: Path
) -> None:
    seen = look(partial(hostile, MISLEADING[name]), secret)
    assert seen.failures() == dict.fromkeys(EVERY_CHECK - BY_STATUS_ALONE, "invalid")
    series = seen.series()
    assert {kind: series["ragpulse_service_ready", kind] for kind in CHECKS} == {
        **dict.fromkeys(CHECKS, 0.0),
        "http": 1.0,
    }
    assert set(seen.errors()) == {"chroma:chroma", "vllm:vllm"}
    seen.assert_contained()
    for text in (seen.page, seen.landing, seen.log):
        assert BODY.decode() not in text


def test_the_bomb_is_real() -> None:
    assert gzip.decompress(gzip_of_zeros(3)) == bytes(3 * MEBI)
    assert len(gzip_bomb()) < 1.1 * MEBI
    assert int.from_bytes(gzip_bomb()[-4:], "little") == 1024 * MEBI


@pytest.mark.parametrize("name", ANSWERED["too_large"])
def test_what_is_too_large_is_never_held_whole(name: str, secret: Path) -> None:
    gzip_bomb()
    tracemalloc.start()
    try:
        seen = look(SERVERS[name], secret, kinds=("http",))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen.failures() == {("http", "response"): "too_large"}
    assert peak < 3 * MAX_BODY_BYTES
