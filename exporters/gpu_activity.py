"""What does a GPU do while it is busy? For how long each unit was active: graphics, SM, occupancy, tensor, DRAM.

"Busy" means that a kernel was resident, on however little of the chip; these are shares of the whole chip, integrated
over every interval between two samples, for GPUs and MIG instances. With them come the bytes that a GPU moves over its
links, right also where the counters of `gpu_links` go round too fast. Source: GPM (see `gpm`), which is believed once
two samples have given a value, and tried again every ten minutes where it did not: a profiler may have held the
counters. Off while DCGM runs on the node, and where the cluster file says so. Seconds, bytes. A unit that a card does
not have has no series; an interval of which a unit gives nothing is not observed for that unit. Errors: as of `each`.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from exporters.dcgm import Dcgm
from exporters.gpm import Flow, Gpm, Interval
from exporters.gpu_each import each
from exporters.gpu_mig import Instance, instances
from exporters.nvml import Nvml
from exporters.nvml_error import BROKEN, NvmlError
from exporters.nvml_gpu import Gpu
from exporters.source import READING_INTERVAL
from ragpulse.catalogue.gpu_use import (
    ACTIVE,
    ACTIVITY_OBSERVED,
    GPM_STATE,
    GPM_STATES,
    MIG_ACTIVE,
    MIG_ACTIVITY_OBSERVED,
    TRAFFIC,
)
from ragpulse.metric import Metric, Sample, one_of

_AGAIN = 600.0
_NOTES = {
    "dcgm": "off while DCGM runs on this node, for both would use the same counters",
    "unsupported": "no GPM, which Hopper and newer have",
}
_PASSING = BROKEN | {"timeout"}  # says nothing of GPM
_log = logging.getLogger(__name__)


@dataclass
class _Course:
    """Of one GPU or MIG instance. `totals`: unit → active and observed seconds. `traffic`: bytes."""

    uuid: str
    is_believed: bool = False
    off_until: float | None = None
    totals: dict[str, tuple[float, float]] = field(default_factory=dict)
    traffic: dict[Flow, float] = field(default_factory=dict)

    def add(self, interval: Interval) -> None:
        for unit, ratio in interval.ratios.items():
            active, observed = self.totals.get(unit, (0.0, 0.0))
            self.totals[unit] = active + ratio * interval.seconds, observed + interval.seconds
        for flow, rate in interval.flows.items():
            self.traffic[flow] = self.traffic.get(flow, 0.0) + rate * interval.seconds


class GpuActivity:
    name: str = "gpu_activity"
    interval: float = READING_INTERVAL
    timeout: float = 3.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (GPM_STATE, ACTIVE, ACTIVITY_OBSERVED, TRAFFIC, MIG_ACTIVE, MIG_ACTIVITY_OBSERVED)

    def __init__(
        self,
        nvml: Nvml,
        *,
        disabled: bool = False,
        dcgm: Dcgm | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._nvml = nvml
        self._disabled = disabled
        self._dcgm = dcgm or Dcgm()
        self._clock = clock
        self._gpm = Gpm(nvml, clock)
        self._lock = threading.Lock()
        self._states: dict[str, str | None] = {}
        self._gpus: dict[str, _Course] = {}
        self._instances: dict[tuple[str, str], _Course] = {}

    def read(self) -> Iterator[Sample]:
        yield from each(self._nvml.gpus(), self._activity)

    def counters(self) -> Iterator[Sample]:
        with self._lock:
            samples = [sample for label, course in self._gpus.items() for sample in _of_gpu(label, course)]
            samples += [sample for key, course in self._instances.items() for sample in _of_instance(key, course)]
        return iter(samples)

    def cut(self) -> None:
        """Nothing to count: the interval of a call that hangs is too long, or its moment unknown, and not observed."""

    @property
    def note(self) -> str:
        with self._lock:
            labels = {said: [label for label, state in self._states.items() if state == said] for said in _NOTES}
        return "; ".join(f"GPU {', '.join(each)}: {_NOTES[said]}" for said, each in labels.items() if each)

    def _activity(self, gpu: Gpu) -> Iterator[Sample]:
        state = self._observe(gpu)
        self._tell(gpu.label, state)
        return iter(()) if state is None else one_of(GPM_STATE, "state", GPM_STATES, state, gpu=gpu.label)

    def _observe(self, gpu: Gpu) -> str | None:
        """The state of GPM; None while that is not known yet."""
        if self._disabled:
            return "disabled"
        if not self._is_supported(gpu):
            return "unsupported"
        if self._dcgm.runs():
            self._gpm.stop()
            return "dcgm"
        with self._nvml.held():
            parts = [part for part in instances(gpu) if part.leads]
            self._forget_all_but(gpu, parts)
            states = [self._measure(gpu, self._of(gpu))]
            states += [self._measure(gpu, self._of(part), part.gpu_instance) for part in parts]
        return "on" if "on" in states else None if None in states else "unsupported"

    def _is_supported(self, gpu: Gpu) -> bool:
        try:
            return self._gpm.is_supported(gpu)
        except NvmlError as error:
            if _says_nothing_of_gpm(gpu, error):
                raise
            return False

    def _measure(self, gpu: Gpu, course: _Course, instance: int | None = None) -> str | None:
        now = self._clock()
        if course.off_until is not None and now < course.off_until:
            return "unsupported"
        try:
            interval = self._gpm.since_last(gpu, course.uuid, instance)
        except NvmlError as error:
            if course.is_believed or _says_nothing_of_gpm(gpu, error):
                raise
            interval = None
        if interval is None:
            course.is_believed, course.off_until = False, now + _AGAIN
            self._gpm.forget(course.uuid)
            return "unsupported"
        with self._lock:
            course.add(interval)
        course.is_believed = course.is_believed or bool(interval.ratios)
        return "on" if course.is_believed else None

    def _of(self, part: Gpu) -> _Course:
        with self._lock:
            if isinstance(part, Instance):
                return self._instances.setdefault((part.label, part.index), _Course(part.uuid))
            return self._gpus.setdefault(part.label, _Course(part.uuid))

    def _forget_all_but(self, gpu: Gpu, parts: list[Instance]) -> None:
        """A GPU may be cut anew at any time; what is gone, or another by now, does not count on."""
        present = {(part.label, part.index): part.uuid for part in parts}
        with self._lock:
            gone = [
                key
                for key, course in self._instances.items()
                if key[0] == gpu.label and present.get(key) != course.uuid
            ]
            courses = [self._instances.pop(key) for key in gone]
        for course in courses:
            self._gpm.forget(course.uuid)

    def _tell(self, label: str, state: str | None) -> None:
        with self._lock:
            before, self._states[label] = self._states.get(label), state
        if state not in (None, before):
            level = logging.WARNING if state == "dcgm" else logging.INFO
            _log.log(level, "source=%s gpu=%s gpm=%s", self.name, label, state)


def _says_nothing_of_gpm(gpu: Gpu, error: NvmlError) -> bool:
    return error.reason in _PASSING or gpu.lost.is_set()


def _of_gpu(label: str, course: _Course) -> Iterator[Sample]:
    for unit, (active, observed) in course.totals.items():
        yield ACTIVE(active, gpu=label, unit=unit)
        yield ACTIVITY_OBSERVED(observed, gpu=label, unit=unit)
    for (link, direction), count in course.traffic.items():
        yield TRAFFIC(count, gpu=label, link=link, direction=direction)


def _of_instance(key: tuple[str, str], course: _Course) -> Iterator[Sample]:
    gpu, mig = key
    for unit, (active, observed) in course.totals.items():
        yield MIG_ACTIVE(active, gpu=gpu, mig=mig, unit=unit)
        yield MIG_ACTIVITY_OBSERVED(observed, gpu=gpu, mig=mig, unit=unit)
