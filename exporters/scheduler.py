"""When is each source due? APScheduler wakes us; the runners do the work.

Its jobs run in the scheduler's own thread and only hand over, so that no pool of threads can be used up by hung
sources. APScheduler goes by the wall clock; here each moment is one of the time since boot, which nobody can set, and
its date on the wall clock follows when that one is set. So after a suspend each source is due once, at once. Seconds.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from exporters.clocks import MACHINE, Clocks
from exporters.deadlines import Deadlines
from exporters.runner import Runner

_STAGGER = 0.01  # seconds between the first runs, so that they do not wait for one another for ever after
_STEP = 0.1  # seconds by which a date may be wrong before it is put right
_AT_ONCE = timedelta(microseconds=1)  # the smallest step of a date
_LONGEST_SLEEP = 1.0  # seconds until a suspend, or a clock that was set, is noticed


class Schedule:
    """Starts every runner's first run at once, the further ones each `interval`. `start` once, then `stop`.

    Runners come and go with `add` and `remove`, before the start and after it.
    """

    def __init__(self, runners: Iterable[Runner], clocks: Clocks = MACHINE) -> None:
        self._runners = list(runners)
        self._clocks = clocks
        self._deadlines = Deadlines(clocks.awake)
        self._scheduler = _SteadyScheduler(clocks, self._deadlines.keep)

    def start(self) -> None:
        for index, runner in enumerate(self._runners):
            self._begin(runner, index)
        self._scheduler.start()

    def add(self, runner: Runner) -> None:
        self._runners.append(runner)
        if self._scheduler.running:
            self._begin(runner, len(self._runners))

    def remove(self, runner: Runner) -> None:
        """No further run, and off the page; one in flight is left behind. Errors: ValueError for a stranger."""
        self._runners.remove(runner)
        self._scheduler.forget(runner)
        runner.leave()

    def stop(self) -> None:
        """No further run. Waits for nobody: the scheduler's thread is a daemon too."""
        self._scheduler.pause()
        for runner in self._runners:
            runner.stop()

    def _begin(self, runner: Runner, place: int) -> None:
        runner.start()
        first = self._clocks.since_boot() + _STAGGER * place
        self._scheduler.repeat(Rhythm(self._clocks, first, runner.source.interval), self._due, runner)

    def _due(self, runner: Runner) -> None:
        run = runner.due()
        if run is not None:
            self._deadlines.set(runner, run)


class Rhythm(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """When a job is due next: `moment` since boot, and what that is on the wall clock of now.

    One trigger for all times of a job: to plan each of them anew costs as much as a short run.
    """

    def __init__(self, clocks: Clocks, first: float, interval: float) -> None:
        self._clocks = clocks
        self._interval = interval
        self.moment = first

    def date(self) -> datetime:
        return datetime.fromtimestamp(self._clocks.wall() + self.moment - self._clocks.since_boot(), UTC)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """APScheduler's question: it asks on until it hears of a time to come."""
        return self.date() if previous is None else max(self.date(), now + _AT_ONCE)

    def strike(self) -> bool:
        """Is the moment here? Then the next one is that of the rhythm; many missed ones are one."""
        late = self._clocks.since_boot() - self.moment
        if late < -_STEP:
            return False  # the wall clock was set in this very tick
        self.moment += (max(0.0, late // self._interval) + 1) * self._interval
        return True


class _SteadyScheduler(BackgroundScheduler):  # type: ignore[misc]
    """Jobs have a `Rhythm`; `next_run_time` is only what its moment is on the wall clock of now.

    `keep_deadlines`: called whenever it wakes; says in how many seconds it wants to be called again.
    """

    def __init__(self, clocks: Clocks, keep_deadlines: Callable[[], float]) -> None:
        super().__init__(
            timezone=UTC,
            executors={"default": DebugExecutor()},
            job_defaults={"misfire_grace_time": None},  # late is run, never dropped
        )
        self._clocks = clocks
        self._keep_deadlines = keep_deadlines
        self._booted = self._measured()

    def repeat(self, rhythm: Rhythm, do: Callable[[Runner], None], runner: Runner) -> None:
        self.add_job(self._do, rhythm, args=[rhythm, do, runner])

    def forget(self, runner: Runner) -> None:
        """Removes what is to be done for `runner`, between two ticks and never during one."""
        with self._jobstores_lock:
            for job in self.get_jobs():
                if runner in job.args:
                    job.remove()

    def follow_clocks(self) -> None:
        booted = self._measured()
        if abs(booted - self._booted) < _STEP:
            return
        self._booted = booted
        with self._jobstores_lock:  # a job that `forget` takes away in between is none that can be modified
            for job in self.get_jobs():
                job.modify(next_run_time=job.trigger.date())

    def _process_jobs(self) -> float | None:
        self.follow_clocks()
        until_a_job: float | None = super()._process_jobs()
        if until_a_job is None:
            return None  # nothing is planned, or all is stopped
        return min(until_a_job, self._keep_deadlines(), _LONGEST_SLEEP)

    def _do(self, rhythm: Rhythm, do: Callable[[Runner], None], runner: Runner) -> None:
        if rhythm.strike():
            do(runner)

    def _measured(self) -> float:
        return self._clocks.wall() - self._clocks.since_boot()
