"""What is the latency of `/metrics` while all sources but one hang? Beside the same agent with sources that all work.

Asked in turn, in the same minute. Seconds. Errors: RagpulseError.
"""

from dataclasses import dataclass
from pathlib import Path

from benchmarks import exposition
from benchmarks.latency import Latency
from benchmarks.pacing import Advance, Target, in_turn, wait
from benchmarks.started import Servers

SOURCES = 41
INTERVAL = 1.0  # seconds; so that many due runs find their source hung
_SERIES = 10  # of each source
_PAUSE = 0.01  # seconds between two scrapes, so that they fall into every moment of an interval
_WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Seen:
    latency: Latency
    series: int


@dataclass(frozen=True, slots=True)
class Hung:
    healthy: Seen
    hung: Seen


def seconds(rounds: int) -> float:
    """About how long it takes."""
    return 5 + 2 * (_WARM_UP + rounds) * (_PAUSE + 0.003)


def measure(folder: Path, rounds: int, advance: Advance) -> Hung:
    with Servers(folder) as servers:
        interval = f"--interval={INTERVAL}"
        agents = [
            servers.made_up(f"--sources={SOURCES}", interval, f"--series={_SERIES}"),
            # The one that works says as much as all of the others would: pages of one size are compared.
            servers.made_up("--sources=1", f"--hung={SOURCES - 1}", interval, f"--series={SOURCES * _SERIES}"),
        ]
        servers.wait()
        wait(2 * INTERVAL, advance)  # by then every hung run has been cut once
        targets = [agent.target() for agent in agents]
        in_turn(targets, _WARM_UP + rounds, advance, _PAUSE)
        healthy, hung = map(_seen, targets)
        return Hung(healthy, hung)


def _seen(target: Target) -> Seen:
    return Seen(
        Latency.of(answer.seconds for answer in target.answers[_WARM_UP:]),
        exposition.series(exposition.text(target.answers[-1].raw)),
    )
