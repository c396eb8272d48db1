"""The machine's three clocks, with somebody who sets them and suspends the machine.

`Standing` moves only when it is told to; `Running` is the machine's own time, and lets APScheduler see the wall clock
that the test has set.
"""

import time
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

import pytest

from exporters.clocks import Clocks


class _Moved:
    """How far the clocks were moved from the time that passes by itself."""

    def __init__(self, wall: Callable[[], float], awake: Callable[[], float]) -> None:
        self._wall = wall
        self._awake = awake
        self._set = 0.0
        self._suspended = 0.0
        self.clocks = Clocks(awake=self._awake, since_boot=self._since_boot, wall=self.wall)

    def set_wall(self, step: float) -> None:
        self._set += step

    def suspend(self, seconds: float) -> None:
        self._suspended += seconds

    def wall(self) -> float:
        return self._wall() + self._suspended + self._set

    def _since_boot(self) -> float:
        return self._awake() + self._suspended


class Standing(_Moved):
    def __init__(self) -> None:
        self._passed = 0.0
        super().__init__(wall=lambda: 1.7e9 + self._passed, awake=lambda: 1000.0 + self._passed)

    def live(self, seconds: float) -> None:
        """Awake, with nobody at the clock."""
        self._passed += seconds


class Running(_Moved):
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(wall=time.time, awake=time.monotonic)
        self._before_the_next_look: list[Callable[[], None]] = []
        moved = self

        class Shown(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                while moved._before_the_next_look:
                    moved._before_the_next_look.pop()()
                return datetime.fromtimestamp(moved.wall(), tz)

        monkeypatch.setattr("apscheduler.schedulers.base.datetime", Shown)

    def set_wall_within_a_tick(self, step: float) -> None:
        """After we have followed the clock, and before APScheduler looks what is due."""
        self._before_the_next_look.append(lambda: self.set_wall(step))
