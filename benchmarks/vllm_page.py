"""What does it cost to poll vLLM's page and to bring it under our names? Beside the official parser, which only reads.

Source: recorded pages, served on loopback by another process; one process measures each (`vllm_poll`). Seconds of CPU,
bytes. Errors: RagpulseError.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.limits import Judgement
from benchmarks.markdown import Row, mebibytes, milliseconds, table
from benchmarks.started import Servers
from ragpulse.errors import RagpulseError

_CAPTURES = Path(__file__).parents[1] / "tests" / "captures"
_MEMORY = 20e6


@dataclass(frozen=True, slots=True)
class Recorded:
    """`most`: what a poll may cost, as a share of what the parser costs."""

    what: str
    path: Path
    most: float


PAGES = (
    Recorded("vLLM 0.32.0, two engines", _CAPTURES / "vllm" / "vllm-0.32.0-dp2-after.prom", 0.5),
    Recorded("Ray 2.60.0 with vLLM", _CAPTURES / "ray" / "ray-2.60.0-head-vllm-load.prom", 0.1),
)
_SECTION = """
## Polling vLLM

The whole page is fetched over HTTP on a kept connection, and every sample that our catalogue has of it is made; the
parser of `prometheus_client` parses the same text and makes nothing. CPU in ms, mean of {rounds} rounds in turn. The
first poll of an agent has seen no label yet. Memory is what is resident at most, less what was before the first poll.
"""


@dataclass(frozen=True, slots=True)
class PageCost:
    page: Recorded
    rounds: int
    first: float
    poll: float
    parser: float
    memory: int


def measure(folder: Path, rounds: int) -> list[PageCost]:
    return [_cost(page, folder, rounds) for page in PAGES]


def judge(costs: list[PageCost]) -> Iterator[Judgement]:
    for cost in costs:
        yield Judgement(f"CPU of a poll / of the parser, {cost.page.what}", cost.poll / cost.parser, cost.page.most)
        yield Judgement(f"memory of polls, bytes, {cost.page.what}", cost.memory, _MEMORY)


def section(costs: list[PageCost]) -> str:
    head = ("", "page, KB", "poll", "first poll", "parser", "poll / parser", "memory, MiB")
    return _SECTION.format(rounds=costs[0].rounds) + "\n" + table(head, map(_row, costs))


def _row(cost: PageCost) -> Row:
    return (
        cost.page.what,
        f"{cost.page.path.stat().st_size / 1000:.0f}",
        *map(milliseconds, (cost.poll, cost.first, cost.parser)),
        f"{cost.poll / cost.parser:.3f}",
        mebibytes(cost.memory),
    )


def _cost(page: Recorded, folder: Path, rounds: int) -> PageCost:
    with Servers(folder) as servers:
        _, url = servers.web_service(page.path)
        servers.wait()
        argv = (sys.executable, "-m", "benchmarks.vllm_poll", f"--url={url}", f"--rounds={rounds}")
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=_CAPTURES.parents[1])
    if done.returncode:
        raise RagpulseError(f"polling {page.path.name} was not measured: {done.stderr.strip().splitlines()[-1:]}")
    return PageCost(page, rounds, **json.loads(done.stdout))
