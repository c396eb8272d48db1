"""One source, run so that whatever it does costs only itself: own thread, deadline, one run in flight, health.

The scheduler calls `due` when a run is due and `deadline` when the time of that run is over; neither raises, nor
blocks as long as `counters` and `cut` of the source keep their contract. Durations in seconds awake, moments in Unix
time. A run into which a suspend of the machine falls never was: what it read may be hours old, what it waited for is
gone. Errors of the source end here: as a result, a line in the log when the state changes, and the last error on the
landing page.
"""

import json
import logging
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from exporters.clocks import MACHINE, Clocks
from exporters.page import Lines, OwnedError, Page, Part, render
from exporters.source import Counting, PartError, Source, SourceError
from ragpulse.catalogue.agent import RESULTS, SOURCE_DURATION, SOURCE_INTERVAL, SOURCE_LAST_SUCCESS, SOURCE_RUNS
from ragpulse.metric import Sample

MAX_AGE = 2.5  # intervals
_HEALTH = (SOURCE_LAST_SUCCESS, SOURCE_RUNS, SOURCE_DURATION, SOURCE_INTERVAL)
_MAX_ERROR_LENGTH = 200
_SET = 1.0  # seconds by which the wall clock must be wrong before moments move along with it
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """How a source does. state: `waiting` before the first result, then the last result.

    duration: seconds of the last finished run. last_success, error_at: Unix time, None when there was none.
    """

    state: str = "waiting"
    runs: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RESULTS, 0))
    duration: float | None = None
    last_success: float | None = None
    error: str | None = None
    error_at: float | None = None


class Runner:
    """Runs `source` in a daemon thread of its own and keeps its part of `page`. Errors: OwnedError for a name twice."""

    def __init__(self, source: Source, page: Page, clocks: Clocks = MACHINE) -> None:
        self.source = source
        self.health = Health()
        self._page = page
        self._clocks = clocks
        self._booted = clocks.wall() - clocks.since_boot()
        self._emits = tuple(metric for metric in source.emits if metric not in _HEALTH)
        self._counting = source if isinstance(source, Counting) else None
        self._readings = page.part(source.max_age if source.max_age is not None else MAX_AGE * source.interval)
        self._counters = page.part()
        self._own = page.part()
        self._lock = threading.Lock()  # held while counters are asked and published, so that they never go backwards
        self._run = 0
        self._asleep = 0.0
        self._in_flight = False
        self._is_cut = False
        self._has_left = False
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name=f"source {source.name}", daemon=True)
        error = self._publish_counters()
        self._show(Health(error=error, error_at=clocks.wall() if error else None))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """No further run; one in flight is left to itself."""
        self._wake.put(False)

    def leave(self) -> None:
        """Stop, and be off the page for good; what a run in flight still says belongs to nobody."""
        with self._lock:
            self._has_left = True
            for part in (self._readings, self._counters, self._own):
                self._page.drop(part)
        self.stop()

    def due(self) -> int | None:
        """Start a run and return its number; None when one is in flight, which counts again once it is overdue."""
        with self._lock:
            if self._has_left:
                return None
            if self._in_flight:
                if self._is_cut:
                    self._cut()
                return None
            self._run += 1
            self._in_flight, self._is_cut = True, False
            self._asleep = self._clocks.asleep()
            self._wake.put(True)
            return self._run

    def is_running(self, run: int) -> bool:
        return self._in_flight and run == self._run and not self._has_left

    def deadline(self, run: int) -> None:
        """The time of this run is over: when it has not finished, it is abandoned now."""
        with self._lock:
            if self.is_running(run) and not self._is_cut:
                self._is_cut = True
                if not self._slept():
                    self._cut()

    def _loop(self) -> None:
        while self._wake.get():
            started = self._clocks.awake()
            lines, error = self._read()
            with self._lock:
                self._in_flight = False
                if self._is_cut or self._has_left or self._slept():
                    continue  # counted already, or never to be; its late result belongs to nobody
                if lines is not None:
                    error = self._publish(self._readings, lines) or error
                error = self._publish_counters() or error
                self._finish("ok" if error is None else "error", error, self._clocks.awake() - started)

    def _slept(self) -> bool:
        return self._clocks.slept_since(self._asleep)

    def _read(self) -> tuple[Lines | None, str | None]:
        missing: list[PartError] = []

        def given() -> Iterator[Sample]:
            try:
                yield from self.source.read()
            except PartError as error:
                missing.append(error)

        try:
            return render(given(), self._emits), said(missing[0]) if missing else None
        except BaseException as error:  # noqa: BLE001 - the boundary: even a library's SystemExit costs one run only
            return None, said(error)

    def _publish_counters(self) -> str | None:
        """What the counters say now; when they cannot say it, their last lines stay. Returns the error."""
        if self._counting is None:
            return None
        try:
            lines = render(self._counting.counters(), self._emits)
        except BaseException as error:  # noqa: BLE001 - the same boundary
            return f"counters: {said(error)}"
        return self._publish(self._counters, lines)

    def _publish(self, part: Part, lines: Lines) -> str | None:
        try:
            self._page.put(part, lines)
        except OwnedError as error:
            return str(error)
        return None

    def _cut(self) -> None:
        errors: list[str | None] = [f"no result within {self.source.timeout:g} s; it still hangs"]
        if self._counting is not None:
            try:
                self._counting.cut()
            except BaseException as error:  # noqa: BLE001 - the same boundary
                errors.append(f"cut: {said(error)}")
        errors.append(self._publish_counters())
        self._finish("deadline", "; ".join(filter(None, errors)))

    def _finish(self, result: str, error: str | None, duration: float | None = None) -> None:
        now = self._clocks.wall()
        before = self._moved_with_the_clock(now)
        health = Health(
            state=result,
            runs=before.runs | {result: before.runs[result] + 1},
            duration=before.duration if duration is None else duration,
            last_success=now if result == "ok" else before.last_success,
            error=error or before.error,
            error_at=now if error else before.error_at,
        )
        if result != before.state:
            _log_change(self.source.name, before.state, health)
        self._show(health)

    def _moved_with_the_clock(self, now: float) -> Health:
        """Set by an hour, the wall clock would hold a success for an hour younger or older than it is."""
        booted = now - self._clocks.since_boot()
        step = booted - self._booted
        if abs(step) < _SET:
            return self.health
        self._booted = booted
        success, error_at = self.health.last_success, self.health.error_at
        return replace(
            self.health,
            last_success=None if success is None else success + step,
            error_at=None if error_at is None else error_at + step,
        )

    def _show(self, health: Health) -> None:
        self._page.put(self._own, render(_samples(self.source, health), _HEALTH))
        self.health = health


def _samples(source: Source, health: Health) -> Iterator[Sample]:
    yield SOURCE_LAST_SUCCESS(health.last_success or 0.0, source=source.name)
    for result, count in health.runs.items():
        yield SOURCE_RUNS(count, source=source.name, result=result)
    if health.duration is not None:
        yield SOURCE_DURATION(health.duration, source=source.name)
    yield SOURCE_INTERVAL(source.interval, source=source.name)


def said(error: BaseException) -> str:
    """One line of bounded length: the text of an error that was expected, of any other also its type and place."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an error that cannot even say what it is
        text = "says nothing"
    if not isinstance(error, SourceError):
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f" ({Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno})" if place else ""
        text = f"{type(error).__name__}{where}: {text[:_MAX_ERROR_LENGTH]}"
    line = "".join(character if character.isprintable() else " " for character in text[:_MAX_ERROR_LENGTH])
    return " ".join(line.split())


def _log_change(name: str, before: str, health: Health) -> None:
    if health.state != "ok":
        _log.warning("source=%s state=%s error=%s", name, health.state, json.dumps(health.error))
    elif before != "waiting":
        _log.info("source=%s state=ok", name)
