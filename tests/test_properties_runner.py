"""A runner through any history of runs that end well, badly, late or never, against a count of what happened."""

import queue
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exporters.page import Page
from exporters.runner import Runner
from exporters.source import PartError, SourceError
from ragpulse.catalogue.node import LOAD
from ragpulse.metric import Sample
from tests.fakes.clocks import Standing
from tests.fakes.running import until
from tests.fakes.sources import CountingSource, lines, raising, runs, up, value
from tests.fakes.strategies import tries

NAME, MAX_AGE = "drawn", 12.5
GARBAGE: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: [None],
    lambda: [up("a"), up("a")],
    lambda: [LOAD(1.0, window="1m")],
    lambda: [Sample(up("a").metric, 1.0, ())],
    raising(SourceError("cannot")),
    raising(SystemExit(1)),
    raising(RecursionError()),
)


class Drawn(CountingSource):
    """Each read waits for an answer that the test hands in."""

    def __init__(self) -> None:
        super().__init__(NAME, max_age=MAX_AGE)
        self.answers: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
        self.inside = 0
        self.most_inside = 0
        self.counters_are_broken = False

    def read(self) -> Iterable[Sample]:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.count += 1
        answer = self.answers.get()
        self.inside -= 1
        found: Iterable[Sample] = answer()
        return found

    def counters(self) -> Iterable[Sample]:
        if self.counters_are_broken:
            raise KeyError("counters")
        return super().counters()


class RunnerMachine(RuleBasedStateMachine):
    """`happened`: runs by result; `shown`: the last good reading and its moment; `cut`, `slept`: the run in flight."""

    @initialize()
    def start(self) -> None:
        self.machine = Standing()
        self.page = Page(self.machine.clocks.since_boot)
        self.source = Drawn()
        self.runner = Runner(self.source, self.page, self.machine.clocks)
        self.runner.start()
        self.happened = {"ok": 0, "error": 0, "deadline": 0}
        self.runs = 0
        self.in_flight, self.cut, self.slept = False, False, False
        self.of_nobody = 0
        self.shown: tuple[float, float] | None = None
        self.before: dict[str, float] = {}

    @rule()
    def is_due(self) -> None:
        run = self.runner.due()
        if self.in_flight:
            assert run is None
            self.happened["deadline"] += self.cut
        else:
            self.runs += 1
            assert run == self.runs
            self.in_flight, self.cut, self.slept = True, False, False

    @rule(back=st.integers(0, 2))
    def deadline_comes(self, back: int) -> None:
        """Of this run, or, late, of one before it."""
        self.runner.deadline(self.runs - back)
        if back == 0 and self.in_flight and not self.cut:
            self.cut = True
            self.happened["deadline"] += not self.slept

    @precondition(lambda self: self.in_flight)
    @rule(a_part_is_missing=st.booleans())
    def answers_well(self, a_part_is_missing: bool) -> None:  # noqa: FBT001 - drawn by name
        number = float(self.runs)

        def answer() -> Iterator[Sample]:
            yield up("a", number)
            if a_part_is_missing:
                raise PartError("not all of it")

        if self.ends_and_counts(answer):
            self.happened["error" if a_part_is_missing or self.source.counters_are_broken else "ok"] += 1
            self.shown = number, self.machine.clocks.since_boot()

    @precondition(lambda self: self.in_flight)
    @rule(garbage=st.sampled_from(GARBAGE))
    def answers_with_garbage(self, garbage: Callable[[], Any]) -> None:
        self.happened["error"] += self.ends_and_counts(garbage)

    @rule()
    def counters_break_or_mend(self) -> None:
        self.source.counters_are_broken = not self.source.counters_are_broken

    @rule(seconds=st.sampled_from((0.0, 1.0, 12.5, 13.0)))
    def time_passes(self, seconds: float) -> None:
        self.machine.live(seconds)

    @rule(seconds=st.sampled_from((1.0, 10.0, 3600.0)))
    def the_machine_is_suspended(self, seconds: float) -> None:
        self.machine.suspend(seconds)
        self.slept = True

    @rule(step=st.sampled_from((-3600.0, 3600.0)))
    def somebody_sets_the_clock(self, step: float) -> None:
        self.machine.set_wall(step)

    def ends_and_counts(self, answer: Callable[[], Any]) -> bool:
        """What was cut has counted already, and what the machine slept through never does."""
        self.source.answers.put(answer)
        until(self.is_done, "the run ended")
        self.in_flight = False
        self.of_nobody += self.slept
        return not (self.cut or self.slept)

    def is_done(self) -> bool:
        with self.runner._lock:  # what comes of a run is written under it
            return not self.runner._in_flight

    @invariant()
    def what_happened_adds_up(self) -> None:
        assert runs(self.page, NAME) == self.happened == self.runner.health.runs
        ended = self.runs - self.in_flight - self.of_nobody
        assert sum(self.happened.values()) >= ended, "each run that ended counts"
        assert self.source.most_inside <= 1, "at most one run is inside the source"
        assert self.source.cuts == self.happened["deadline"]

    @invariant()
    def the_reading_is_the_last_good_one_as_long_as_it_is_young(self) -> None:
        young = self.shown is not None and self.machine.clocks.since_boot() - self.shown[1] <= MAX_AGE
        assert value(self.page, 'ragpulse_service_up{service="a"}') == (self.shown[0] if self.shown and young else None)

    @invariant()
    def no_counter_on_the_page_ever_falls_or_goes(self) -> None:
        now = {
            name: float(number)
            for name, _, number in (line.rpartition(" ") for line in lines(self.page))
            if "_total" in name
        }
        assert all(now[name] >= number for name, number in self.before.items())
        self.before = now

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.leave()
            self.source.answers.put(tuple)
            self.runner._thread.join(10)
            assert not self.runner._thread.is_alive()
            assert lines(self.page) == []


RunnerMachine.TestCase.settings = tries(0.6)
TestRunner = RunnerMachine.TestCase
