"""What does a scrape of our agent cost beside one of node_exporter?

Fresh: many agents as a node runs them, as many node_exporters, each process scraped once per `period`, which is longer
than the interval of our sources: so every one of our pages is new, the phases of scrapes and sources drift through
each other as they do in a cluster, and hundreds of such scrapes fit into a few minutes. Back to back: one of each, in
turn, without a pause; most of our pages are unchanged then. Seconds, bytes. Errors: RagpulseError.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median_low

from benchmarks import exposition
from benchmarks.cluster_files import like_the_demo
from benchmarks.connection import Answer
from benchmarks.freshness import fresh
from benchmarks.latency import Latency
from benchmarks.pacing import SETTLE, Advance, Target, in_turn, paced, wait
from benchmarks.process import Holdings, cpu_seconds, cpu_shares, holdings
from benchmarks.started import Server, Servers

PERIOD = 5.4  # our sources run every 5 s
WARM_UP = 2  # scrapes of each process, not counted


@dataclass(frozen=True, slots=True)
class Size:
    """`pairs` processes of each kind, `rounds` counted scrapes of each; `idle`: seconds to learn the background in."""

    pairs: int
    rounds: int
    back_to_back: int
    idle: float

    def seconds(self) -> float:
        """About how long it takes."""
        return self.pairs + self.idle + (WARM_UP + self.rounds) * PERIOD + 0.02 * self.back_to_back


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one kind. `background`: share of a core while nobody asks; CPU per scrape in seconds is without it."""

    background: float
    fresh: Latency
    fresh_cpu: float
    back_to_back: Latency
    back_to_back_cpu: float
    wire_bytes: int
    series: int
    holdings: Holdings


@dataclass(frozen=True, slots=True)
class SideBySide:
    """`stale`: scrapes of ours that were left out because some source had not run since the one before."""

    ours: Cost
    theirs: Cost
    size: Size
    stale: int


def side_by_side(demo: Path, node_exporter: Path, folder: Path, size: Size, advance: Advance) -> SideBySide:
    """`demo`: the cluster file of the running demo, whose services the agents look at."""
    with Servers(folder) as servers:
        _, url = servers.web_service()
        cluster = like_the_demo(demo, url, folder)
        ours = Kind([servers.ours(cluster) for _ in range(size.pairs)])
        theirs = Kind([servers.theirs(node_exporter) for _ in range(size.pairs)])
        servers.wait()
        watch_idle((ours, theirs), size.idle, advance)
        return compare(servers, ours, theirs, size, advance)


@dataclass(eq=False, slots=True)
class Kind:
    """All processes of one kind.

    `background`: the share of a core that each takes while nobody asks. `in_turn`, `in_turn_cpu`: answers, and seconds
    of CPU for each of them, of the scrapes back to back.
    """

    servers: list[Server]
    background: float = 0.0
    paced: list[Target] = field(default_factory=list)
    in_turn: list[Answer] = field(default_factory=list)
    in_turn_cpu: float = 0.0

    def cost(self, counted: Sequence[Sequence[int]]) -> Cost:
        """`counted`: for each process, which of its paced scrapes count."""
        chosen = [(target, index) for target, indices in zip(self.paced, counted, strict=True) for index in indices]
        seconds = [target.answers[index].seconds for target, index in chosen]
        cpu = [
            target.cpu[index] - self.background * (target.answers[index].seconds + SETTLE) for target, index in chosen
        ]
        return Cost(
            background=self.background,
            fresh=Latency.of(seconds),
            fresh_cpu=fmean(cpu),
            back_to_back=Latency.of(answer.seconds for answer in self.in_turn),
            back_to_back_cpu=self.in_turn_cpu,
            wire_bytes=median_low(len(target.answers[index].raw) for target, index in chosen),
            series=exposition.series(exposition.text(self.in_turn[-1].raw)),
            holdings=holdings(self.servers[0].pid),
        )


def watch_idle(kinds: Sequence[Kind], seconds: float, advance: Advance) -> None:
    """Learns the background of all of them in the same seconds."""
    pids = {str(server.pid): server.pid for kind in kinds for server in kind.servers}
    shares = cpu_shares(pids, lambda: wait(seconds, advance))
    for kind in kinds:
        kind.background = fmean(shares[str(server.pid)] for server in kind.servers)


def compare(servers: Servers, ours: Kind, theirs: Kind, size: Size, advance: Advance) -> SideBySide:
    """Of kinds whose background is known. The first process of each outlives the others."""
    _scrape_fresh(ours, theirs, size.rounds, advance)
    for kind in (ours, theirs):
        servers.end(kind.servers[1:])
    _scrape_back_to_back(ours, theirs, size.back_to_back, advance)
    counted = [fresh(target, PERIOD, WARM_UP) for target in ours.paced]
    # Whoever reads everything when it is asked is never stale.
    theirs_counted = [range(WARM_UP, len(target.answers)) for target in theirs.paced]
    stale = size.pairs * size.rounds - sum(map(len, counted))
    return SideBySide(ours.cost(counted), theirs.cost(theirs_counted), size, stale)


def _scrape_fresh(ours: Kind, theirs: Kind, rounds: int, advance: Advance) -> None:
    for kind in (ours, theirs):
        kind.paced = [server.target() for server in kind.servers]
    alternating = [target for pair in zip(ours.paced, theirs.paced, strict=True) for target in pair]
    paced(alternating, WARM_UP + rounds, PERIOD, advance)


def _scrape_back_to_back(ours: Kind, theirs: Kind, rounds: int, advance: Advance) -> None:
    pair = {kind: Target(kind.servers[0].pid, kind.paced[0].connection) for kind in (ours, theirs)}
    in_turn(tuple(pair.values()), WARM_UP, advance)
    begin, before = time.monotonic(), {kind: cpu_seconds(target.pid) for kind, target in pair.items()}
    in_turn(tuple(pair.values()), rounds, advance)
    seconds = time.monotonic() - begin
    for kind, target in pair.items():
        kind.in_turn = target.answers[WARM_UP:]
        kind.in_turn_cpu = (cpu_seconds(target.pid) - before[kind] - kind.background * seconds) / rounds
