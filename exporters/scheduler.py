"""When is each source due, and when is the time of a run over? APScheduler says it; the runners do the work.

Its jobs run in the scheduler's own thread and only hand over, so that no pool of threads can be used up by hung
sources. APScheduler goes by the wall clock; when somebody sets that clock, all jobs move along with it.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from exporters.runner import Runner

_STAGGER = 0.01  # seconds between the first runs, so that they do not wait for one another for ever after
_STEP = 0.5  # seconds by which the wall clock may leave the monotonic one before it counts as set


class Schedule:
    """Starts every runner's first run at once, the further ones each `interval`. `start` once, then `stop`.

    Runners come and go with `add` and `remove`, before the start and after it.
    """

    def __init__(
        self,
        runners: Iterable[Runner],
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._runners = list(runners)
        self._scheduler = _SteadyScheduler(clock, wall)

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

    def _begin(self, runner: Runner, place: int) -> None:
        runner.start()
        self._scheduler.add_job(
            self._due,
            "interval",
            args=[runner],
            seconds=runner.source.interval,
            next_run_time=datetime.now(UTC) + timedelta(seconds=_STAGGER * place),
        )

    def stop(self) -> None:
        """No further run. Waits for nobody: the scheduler's thread is a daemon too."""
        self._scheduler.pause()
        for runner in self._runners:
            runner.stop()

    def _due(self, runner: Runner) -> None:
        run = runner.due()
        if run is None:
            return
        self._scheduler.add_job(
            Runner.deadline,
            "date",
            args=[runner, run],
            run_date=datetime.now(UTC) + timedelta(seconds=runner.source.timeout),
        )


class _SteadyScheduler(BackgroundScheduler):  # type: ignore[misc]  # APScheduler 3 has no types
    """Moves its jobs along when the wall clock is set: a step back must not silence the agent for as long."""

    def __init__(self, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        super().__init__(
            timezone=UTC,
            executors={"default": DebugExecutor()},
            # A late tick is run, never dropped; several missed ones are one.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._clock = clock
        self._wall = wall
        self._offset = wall() - clock()

    def _process_jobs(self) -> float | None:
        self.follow_clock()
        seconds: float | None = super()._process_jobs()
        return seconds

    def forget(self, runner: Runner) -> None:
        """Removes what is to be done for `runner`, between two ticks and never during one."""
        with self._jobstores_lock:
            for job in self.get_jobs():
                if runner in job.args:
                    job.remove()

    def follow_clock(self) -> None:
        offset = self._wall() - self._clock()
        step, self._offset = offset - self._offset, offset
        if abs(step) < _STEP:
            return
        for job in self.get_jobs():
            job.modify(next_run_time=job.next_run_time + timedelta(seconds=step))
