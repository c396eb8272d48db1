"""When is each source due? APScheduler wakes us; the runners do the work.

Its jobs run in the scheduler's own thread and only hand over, so that no pool of threads can be used up by hung
sources. APScheduler goes by the wall clock; here each moment is one of the time since boot, which nobody can set, and
its date on the wall clock follows when that one is set. So after a suspend each source is due once, at once. Seconds.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from exporters.clocks import MACHINE, Clocks
from exporters.deadlines import Deadlines
from exporters.runner import Runner

_STAGGER = 0.01  # seconds between the first runs, so that they do not wait for one another for ever after
_STEP = 0.1  # seconds by which a date may be wrong before it is put right
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
        self._scheduler.at(self._clocks.since_boot() + _STAGGER * place, self._due, runner)

    def _due(self, moment: float, runner: Runner) -> None:
        interval = runner.source.interval
        missed = max(0.0, (self._clocks.since_boot() - moment) // interval)  # many of them are one
        self._scheduler.at(moment + (missed + 1) * interval, self._due, runner)
        run = runner.due()
        if run is not None:
            self._deadlines.set(runner, run)


class _SteadyScheduler(BackgroundScheduler):  # type: ignore[misc]  # APScheduler 3 has no types
    """Each job is due at a moment since boot; `next_run_time` is only what that is on the wall clock of now.

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

    def at(self, moment: float, do: Callable[..., None], *args: object) -> None:
        """`do(moment, *args)` once it is `moment` since boot."""
        self.add_job(self._do, "date", args=[moment, do, *args], run_date=self._date(moment))

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
                job.modify(next_run_time=self._date(job.args[0]))

    def _process_jobs(self) -> float | None:
        self.follow_clocks()
        until_a_job: float | None = super()._process_jobs()
        if until_a_job is None:
            return None  # nothing is planned, or all is stopped
        return min(until_a_job, self._keep_deadlines(), _LONGEST_SLEEP)

    def _do(self, moment: float, do: Callable[..., None], *args: object) -> None:
        if self._clocks.since_boot() < moment - _STEP:  # the wall clock was set in this very tick
            self.at(moment, do, *args)
        else:
            do(moment, *args)

    def _date(self, moment: float) -> datetime:
        return datetime.fromtimestamp(self._clocks.wall() + moment - self._clocks.since_boot(), UTC)

    def _measured(self) -> float:
        return self._clocks.wall() - self._clocks.since_boot()
