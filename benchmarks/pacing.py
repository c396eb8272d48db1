"""How are several servers asked in turn, each at a steady pace? By one client, one request at a time.

Targets alternate, and nobody is asked while another answers. Seconds. The garbage collector of this process rests
meanwhile: its pauses would be the latency of whoever is asked.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.connection import Answer, Connection
from benchmarks.process import cpu_seconds

# After the last byte a server still has to put its things away; what it spends on that belongs to the scrape.
SETTLE = 0.02

Advance = Callable[[], object]


@dataclass(slots=True)
class Target:
    """`cpu`: seconds of CPU of each paced scrape, from just before it until `SETTLE` after it."""

    pid: int
    connection: Connection
    answers: list[Answer] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def paced(targets: Sequence[Target], rounds: int, period: float, advance: Advance) -> None:
    """Asks each target once every `period` seconds, in a slot of its own. What comes late is not made up for."""
    slot = period / len(targets)
    due = time.monotonic()
    with _quiet():
        for _ in range(rounds):
            for target in targets:
                time.sleep(max(0.0, due - time.monotonic()))
                due = max(due, time.monotonic()) + slot
                before = cpu_seconds(target.pid)
                target.answers.append(target.connection.scrape())
                time.sleep(SETTLE)
                target.cpu.append(cpu_seconds(target.pid) - before)
                advance()
        time.sleep(max(0.0, due - time.monotonic()))


def wait(seconds: float, advance: Advance) -> None:
    """Lets time go by, with a sign of life each second."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(1.0, left))
        advance()


def in_turn(targets: Sequence[Target], rounds: int, advance: Advance, pause: float = 0.0) -> None:
    """Asks one target after the other, with nothing but `pause` in between."""
    with _quiet():
        for _ in range(rounds):
            for target in targets:
                target.answers.append(target.connection.scrape())
                time.sleep(pause)
                advance()


@contextmanager
def _quiet() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
