"""How far is it? A bar for each stage on a terminal, a line for each stage elsewhere; both on standard error.

The bar is drawn between two scrapes and only twice a second: a thread that draws would be measured along.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.pacing import Advance

_EVERY = 0.5


@contextmanager
def stage(title: str, seconds: float) -> Iterator[Advance]:
    """`seconds`: about how long it takes. What is given is called now and then."""
    begin = time.monotonic()
    if not sys.stderr.isatty():
        say(f"{title}, about {seconds:.0f} s")
        yield lambda: None
        say(f"  took {time.monotonic() - begin:.0f} s")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False) as bar:
        task = bar.add_task(title, total=seconds)
        drawn = begin

        def advance() -> None:
            nonlocal drawn
            if time.monotonic() - drawn > _EVERY:
                drawn = time.monotonic()
                bar.update(task, completed=min(seconds, drawn - begin), refresh=True)

        yield advance
        bar.update(task, completed=seconds, refresh=True)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
