"""Sources whose behaviour a test decides, and the clock by which they are judged."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from exporters.page import Page
from exporters.runner import Runner
from exporters.source import SourceError
from ragpulse.catalogue.node import MEMORY_AVAILABLE
from ragpulse.catalogue.service import READY, REQUESTS, UP
from ragpulse.metric import Metric, Sample
from tests.fakes.running import until

Make = Callable[..., Runner]

_PATIENCE = 10.0  # seconds; a bound for a broken test, never reached by a good one


class Clock:
    """Stands still until it is told to move."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class FakeSource:
    """A reading: `read` answers what `answer` says. `answer` may also raise, block or talk nonsense."""

    emits: tuple[Metric, ...] = (UP, READY, MEMORY_AVAILABLE)
    interval = 5.0
    timeout = 4.0
    max_age: float | None = None

    def __init__(self, name: str, answer: Callable[[], Any] = tuple, **settings: Any) -> None:
        self.name = name
        self.answer = answer
        self.threads: list[threading.Thread] = []
        for setting, value in settings.items():
            setattr(self, setting, value)

    def read(self) -> Iterable[Sample]:
        self.threads.append(threading.current_thread())
        answer: Iterable[Sample] = self.answer()
        return answer


class CountingSource(FakeSource):
    """A probe: one counter of cut runs, and one that `count` sets."""

    emits: tuple[Metric, ...] = (UP, REQUESTS)
    count = 0
    cuts = 0

    def counters(self) -> Iterable[Sample]:
        yield REQUESTS(self.count, service=self.name, check="answered")
        yield REQUESTS(self.cuts, service=self.name, check="cut")

    def cut(self) -> None:
        self.cuts += 1


class Hanging:
    """An answer that comes only when it is released; `entered` once a run is inside."""

    def __init__(self, answer: Iterable[Sample] = ()) -> None:
        self.entered = threading.Semaphore(0)
        self.released = threading.Event()
        self._answer = answer

    def __call__(self) -> Iterable[Sample]:
        self.entered.release()
        self.released.wait()
        return self._answer

    def wait_until_entered(self) -> None:
        assert self.entered.acquire(timeout=_PATIENCE), "the source was not read"


def up(service: str, value: float = 1.0) -> Sample:
    return UP(value, service=service)


def run_once(runner: Runner) -> None:
    """One due run to its end."""
    before = runner.health
    assert runner.due() is not None, "a run is in flight"
    until(lambda: runner.health is not before, f"{runner.source.name} finished")


def lines(page: Page) -> list[str]:
    """The sample lines of the page, without its headers."""
    return [line for line in page.text().decode().splitlines() if not line.startswith("#")]


def runs(page: Page, source: str) -> dict[str, float]:
    """Result → count as it stands on the page."""
    found = {}
    for result in ("ok", "error", "deadline"):
        start = f'ragpulse_source_runs_total{{source="{source}",result="{result}"}} '
        (line,) = [line for line in lines(page) if line.startswith(start)]
        found[result] = float(line.removeprefix(start))
    return found


def value(page: Page, start: str) -> float | None:
    found = [line for line in lines(page) if line.startswith(start + " ")]
    return float(found[0].rpartition(" ")[2]) if found else None


def raising(error: BaseException) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


def half_way() -> Iterator[Sample]:
    """One sample, then an exception."""
    yield up("a")
    raise SourceError("lost on the way")
