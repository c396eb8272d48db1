"""What does it cost Chroma to be watched? The CPU of its own process while an agent looks at it, and while nobody does.

Real servers of both generations, side by side, each with an agent as its only node has one: all its sources and the
probe, at the intervals of the cluster file's defaults. Nobody else asks. Shares of one core. Errors: RagpulseError.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.cluster_files import chroma_only
from benchmarks.limits import Judgement
from benchmarks.markdown import Row, percent, table
from benchmarks.pacing import Advance, wait
from benchmarks.process import cpu_shares
from benchmarks.started import HOST, Server, Servers, free_port
from ragpulse.errors import RagpulseError

COLLECTIONS = 10
_RECORDS, _LARGE, _DIMENSION, _BATCH = 200, 2000, 384, 500
_MOST = 0.01
_SETTLE = 5.0  # after the start of an agent, whose first looks come all at once
# Version → who names its environment, and what it needs: without it 0.5.23 would write a log where it is started.
_GENERATIONS = {
    "0.5.23": ("RAGPULSE_CHROMA_05", ("--log-path", os.devnull)),
    "1.5.9": ("RAGPULSE_CHROMA_15", ()),
}
_SECTION = """
## What watching costs Chroma

CPU of the server's own process over {off:.0f} s while nobody asks it anything, and over {on:.0f} s while an agent looks
at it, in percent of one core. It holds {collections} collections, one of {large} and the others of {records} records
with {dimension} numbers each.
"""


@dataclass(frozen=True, slots=True)
class Extent:
    """Seconds."""

    off: float
    on: float


@dataclass(frozen=True, slots=True)
class ChromaCost:
    version: str
    extent: Extent
    off: float
    on: float

    @property
    def probing(self) -> float:
        return self.on - self.off


def seconds(extent: Extent) -> float:
    """About how long it takes."""
    return extent.off + extent.on + _SETTLE + 30


def measure(folder: Path, extent: Extent, advance: Advance) -> list[ChromaCost]:
    with Servers(folder) as servers:
        started = {version: _started(servers, version, folder) for version in _GENERATIONS}
        servers.wait()
        for _, url, _ in started.values():
            _fill(url, advance)
        pids = {version: server.pid for version, (server, _, _) in started.items()}
        off = cpu_shares(pids, lambda: wait(extent.off, advance))
        for version, (_, url, data) in started.items():
            servers.ours(chroma_only(version, url, data, folder))
        servers.wait()
        wait(_SETTLE, advance)
        on = cpu_shares(pids, lambda: wait(extent.on, advance))
    return [ChromaCost(version, extent, off[version], on[version]) for version in _GENERATIONS]


def judge(costs: list[ChromaCost]) -> Iterator[Judgement]:
    for cost in costs:
        yield Judgement(f"CPU of Chroma {cost.version} for being watched, share of a core", cost.probing, _MOST)


def section(costs: list[ChromaCost]) -> str:
    extent = costs[0].extent
    text = _SECTION.format(
        off=extent.off, on=extent.on, collections=COLLECTIONS, large=_LARGE, records=_RECORDS, dimension=_DIMENSION
    )
    return text + "\n" + table(("Chroma", "nobody asks", "watched", "for being watched"), map(_row, costs))


def _row(cost: ChromaCost) -> Row:
    return cost.version, *map(percent, (cost.off, cost.on, cost.probing))


def _started(servers: Servers, version: str, folder: Path) -> tuple[Server, str, Path]:
    """The server, its URL and its data."""
    variable, options = _GENERATIONS[version]
    program = Path(os.environ.get(variable, ""), "bin", "chroma")
    if not program.exists():
        raise RagpulseError(f"{variable} must name an environment with ChromaDB {version}; `make bench` sets it up")
    port, data = free_port(), folder / f"chroma-{version}"
    argv = (str(program), "run", "--path", str(data), "--host", HOST, "--port", str(port), *options)
    quiet = {"ANONYMIZED_TELEMETRY": "False", "CHROMA_OTEL_COLLECTION_ENDPOINT": "", "PYTHONSAFEPATH": "1"}
    return servers.program(argv, port, "/api/v2/heartbeat", {**os.environ, **quiet}), f"http://{HOST}:{port}", data


def _fill(url: str, advance: Advance) -> None:
    numbers = random.Random(1)  # noqa: S311 - not a secret
    base = f"{url}/api/v2/tenants/default_tenant/databases/default_database/collections"
    with httpx.Client(trust_env=False, timeout=60) as client:
        for place in range(COLLECTIONS):
            made = client.post(base, json={"name": f"collection-{place}"}).raise_for_status().json()
            for first in range(0, _RECORDS if place else _LARGE, _BATCH):
                count = min(_BATCH, (_RECORDS if place else _LARGE) - first)
                added = {
                    "ids": [f"{first + one}" for one in range(count)],
                    "embeddings": [[numbers.gauss(0, 1) for _ in range(_DIMENSION)] for _ in range(count)],
                }
                client.post(f"{base}/{made['id']}/add", json=added).raise_for_status()
                advance()
