"""When is each source due, and when is the time of a run over? APScheduler wakes us; the runners do the work.

Its jobs run in the scheduler's own thread and only hand over, so that no pool of threads can be used up by hung
sources. APScheduler goes by the wall clock; here each moment is one of a clock that nobody can set, and its date on the
wall clock follows when that one is set. Runs go by the time since boot: after a suspend each source is due once, at
once. The time of a run is over by the time awake: nobody lived the rest. Seconds.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from exporters.clocks import MACHINE, Clock, Clocks
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
        self._scheduler = _SteadyScheduler(clocks)

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
        clock = self._clocks.since_boot
        self._scheduler.at(clock, clock() + _STAGGER * place, self._due, runner)

    def _due(self, moment: float, runner: Runner) -> None:
        interval, clock = runner.source.interval, self._clocks.since_boot
        missed = max(0.0, (clock() - moment) // interval)  # many of them are one
        self._scheduler.at(clock, moment + (missed + 1) * interval, self._due, runner)
        run = runner.due()
        if run is not None:
            awake = self._clocks.awake
            self._scheduler.at(awake, awake() + runner.source.timeout, self._over, runner, run)

    def _over(self, _: float, runner: Runner, run: int) -> None:
        runner.deadline(run)


class _SteadyScheduler(BackgroundScheduler):  # type: ignore[misc]  # APScheduler 3 has no types
    """Each job is due at a moment of a clock; `next_run_time` is only what that is on the wall clock of now."""

    def __init__(self, clocks: Clocks) -> None:
        super().__init__(
            timezone=UTC,
            executors={"default": DebugExecutor()},
            job_defaults={"misfire_grace_time": None},  # late is run, never dropped
        )
        self._clocks = clocks
        self._offsets = self._measured()

    def at(self, clock: Clock, moment: float, do: Callable[..., None], *args: object) -> None:
        """`do(moment, *args)` once `clock` says `moment`."""
        self.add_job(self._do, "date", args=[clock, moment, do, *args], run_date=self._date(clock, moment))

    def forget(self, runner: Runner) -> None:
        """Removes what is to be done for `runner`, between two ticks and never during one."""
        with self._jobstores_lock:
            for job in self.get_jobs():
                if runner in job.args:
                    job.remove()

    def follow_clocks(self) -> None:
        offsets = self._measured()
        if all(abs(new - old) < _STEP for new, old in zip(offsets, self._offsets, strict=True)):
            return
        self._offsets = offsets
        with self._jobstores_lock:  # a job that `forget` takes away in between is none that can be modified
            for job in self.get_jobs():
                clock, moment, *_ = job.args
                job.modify(next_run_time=self._date(clock, moment))

    def _process_jobs(self) -> float | None:
        self.follow_clocks()
        seconds: float | None = super()._process_jobs()
        return None if seconds is None else min(seconds, _LONGEST_SLEEP)

    def _do(self, clock: Clock, moment: float, do: Callable[..., None], *args: object) -> None:
        if clock() < moment - _STEP:  # the wall clock was set in this very tick
            self.at(clock, moment, do, *args)
        else:
            do(moment, *args)

    def _date(self, clock: Clock, moment: float) -> datetime:
        return datetime.fromtimestamp(self._clocks.wall() + moment - clock(), UTC)

    def _measured(self) -> tuple[float, float]:
        wall = self._clocks.wall()
        return wall - self._clocks.awake(), wall - self._clocks.since_boot()
