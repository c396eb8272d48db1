"""What do a thousand rounds leave behind? `python -m tests.fakes.hostile_growth SECRET`, a process of its own.

Whatever else a test run keeps (lines of logs, a record of each thread) would be counted with it. Prints one object of
JSON: what has grown, which failures there were, how the runs of each source ended, requests by kind and check.
"""

import gc
import json
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tests.fakes.hostile_answers import routes
from tests.fakes.hostile_server import hostile, in_turn, routed
from tests.fakes.hostile_watch import CHECKS, Watch
from tests.fakes.hostile_wire import BODY, FAST, MISLEADING, answer

WARM, ROUNDS = 100, 1000
LOOKS = 20  # rounds at either end, after which what is held is looked at
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


def least(round_: Callable[[], object]) -> Held:
    """Of what is held after each of some rounds: who was told the most just then is chance; what leaks stays."""

    def after() -> Held:
        round_()
        return held()

    return min((after() for _ in range(LOOKS)), key=lambda found: found.blocks)


def growth(round_: Callable[[], object]) -> Held:
    for _ in range(WARM - LOOKS):
        round_()
    before = least(round_)
    for _ in range(ROUNDS - LOOKS):
        round_()
    after = least(round_)
    return Held(
        after.blocks - before.blocks,
        after.threads - before.threads,
        after.files - before.files,
        after.memory - before.memory,
    )


def main(secret: Path) -> None:
    with hostile(in_turn(MIX)) as url, Watch(url, secret, kinds=(*CHECKS, "ray", "trip")) as watch:
        grown = growth(watch.round)
        seen = watch.seen()
    series = seen.series()
    found = {
        "grown": asdict(grown),
        "failed": sorted(
            {key[3] for key, count in series.items() if key[0] == "ragpulse_probe_failures_total" and count}
        ),
        "runs": {name: health.runs for name, health in seen.health.items()},
        "asked": [[*key[1:], count] for key, count in series.items() if key[0] == "ragpulse_probe_requests_total"],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
