"""How does `up` show that it is at work? A moving line on a terminal, one line for each step elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

_WIDTH = 160  # of a log file, where nothing says how wide it is


class Telling:
    def __init__(self) -> None:
        terminal = sys.stdout.isatty()
        self.console = Console(highlight=False, markup=False, width=None if terminal else _WIDTH)
        self._moving = self.console.status("")
        self._missing: dict[str, str] | None = None
        self._since = time.monotonic()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        if not self.console.is_terminal:
            yield
            return
        with self._moving:
            yield

    def step(self, text: str) -> None:
        """What is done next."""
        if self.console.is_terminal:
            self._moving.update(text)
        else:
            self.say(text)

    def say(self, text: str) -> None:
        """Something to keep."""
        self.console.print(text, soft_wrap=True)

    def missing(self, missing: dict[str, str]) -> None:
        """What has become ready since the last time is kept, what is missing is shown."""
        seconds = time.monotonic() - self._since
        for name in self._missing or ():
            if name not in missing:
                self.say(f"  ready after {seconds:.0f} s: {name}")
        self._missing = dict(missing)
        if missing:
            name, lack = next(iter(missing.items()))
            others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            self._moving.update(f"waiting, {seconds:.0f} s: {name} {lack}{others}")
