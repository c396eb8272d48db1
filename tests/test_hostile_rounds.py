"""A thousand rounds with a hostile service leave nothing behind: no memory, no thread, no open file."""

import gc
import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.fakes.hostile_answers import routes
from tests.fakes.hostile_server import hostile, in_turn, routed
from tests.fakes.hostile_watch import CHECKS, SECRET, Watch
from tests.fakes.hostile_wire import BODY, FAST, MISLEADING, answer

WARM, ROUNDS = 100, 1000
BLOCKS = ROUNDS // 2  # not even one small object in every second round; what is just then in use makes up to 150
OPEN = 40  # a connection at most for each of them and its other end: which of them stand in a moment is chance
MEMORY = 16 * 1024 * 1024

QUICK = (
    "garbage", "hangs up without a word", "a head cut off", "a body cut off", "chunks cut off", "a chunk of no size",
    "resets at once", "resets in its head", "resets in its body", "redirects to itself", "redirects ever deeper",
    "gzip that is none", "gzip cut off", "an unknown encoding", "a thousand headers", "two lengths", "status 999",
    "status 101", "a header with NUL", "a status of text", "the request itself",
)  # fmt: skip
MIX = [
    routed(routes(), answer(b"", status=b"404 Not Found")),
    routed({}, answer(BODY, status=b"503 Service Unavailable")),
    routed({}, answer(BODY, status=b"401 Unauthorized")),
    *(FAST[name] for name in QUICK),
    *MISLEADING.values(),
]


@dataclass(frozen=True)
class Held:
    """blocks: of the interpreter's own memory for small objects, of which every object of ours takes one at least."""

    blocks: int
    threads: int
    files: int
    memory: int


def held() -> Held:
    gc.collect()
    process = psutil.Process()
    return Held(sys.getallocatedblocks(), threading.active_count(), process.num_fds(), process.memory_info().rss)


def growth(round_: Callable[[], object]) -> Held:
    for _ in range(WARM):
        round_()
    before = held()
    for _ in range(ROUNDS):
        round_()
    after = held()
    return Held(
        after.blocks - before.blocks,
        after.threads - before.threads,
        after.files - before.files,
        after.memory - before.memory,
    )


def test_a_thousand_rounds_leave_nothing_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)  # pytest itself keeps every line of a log until its test ends
    (tmp_path / "secret").write_text(SECRET)
    with hostile(in_turn(MIX)) as url, Watch(url, tmp_path / "secret") as watch:
        grown = growth(watch.round)
        seen = watch.seen()
    assert grown.blocks < BLOCKS
    assert abs(grown.threads) < OPEN
    assert abs(grown.files) < OPEN
    assert grown.memory < MEMORY
    failures = {key[3]: value for key, value in seen.series().items() if key[0] == "ragpulse_probe_failures_total"}
    assert {reason for reason, count in failures.items() if count} >= {
        "auth", "connect", "http_5xx", "invalid", "redirect", "too_large",
    }, "each of them met all of it"  # fmt: skip
    for name, health in seen.health.items():
        assert sum(health.runs.values()) == WARM + ROUNDS
        assert health.runs["deadline"] == 0, name
    asked = {key[1:]: value for key, value in seen.series().items() if key[0] == "ragpulse_probe_requests_total"}
    assert asked == {(kind, check): WARM + ROUNDS for kind, checks in CHECKS.items() for check in checks}


def test_a_leak_of_one_small_object_a_round_would_be_seen() -> None:
    leaked: list[object] = []
    assert growth(lambda: leaked.append(object())).blocks >= BLOCKS
