"""For how long has something held the clocks of each GPU back, and what?

Source, by reason, the first that a card has: the driver's counters of clock event reasons; the older counters of
performance policies; else the flags of the moment, integrated by us between two readings. Seconds; a metric says which
way is in use. Errors: as of `each`.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from exporters.clocks import MACHINE, Clock
from exporters.gpu_counter import DriverCounter
from exporters.gpu_each import each
from exporters.gpu_fields import Field, field_values
from exporters.gpu_seldom import Seldom
from exporters.gpu_throttle_reasons import REASONS, Reason, counter_fields
from exporters.nvml import Nvml
from exporters.nvml_gpu import Gpu
from ragpulse.catalogue.gpu import THROTTLE_REASONS, THROTTLE_WAY, THROTTLED
from ragpulse.metric import Metric, Sample

_NANO = 1e9
# A counter of time cannot outrun time: what does so means something else, or is a reading that makes no sense.
_FASTEST, _SLACK = 1.05, 1.0
_LONGEST = 6.0  # seconds; flags of two readings that are further apart say nothing of the time between


@dataclass
class _Held:
    """What one GPU was held back by since the agent started."""

    seconds: dict[str, DriverCounter] = field(
        default_factory=lambda: {reason: DriverCounter() for reason in THROTTLE_REASONS}
    )
    ways: dict[str, str] = field(default_factory=dict)
    read_at: float | None = None
    flags: int | None = None


class GpuThrottle:
    name: str = "gpu_throttle"
    interval: float = 2.0  # flags are worth what their readings are dense
    timeout: float = 1.9
    max_age: float | None = None
    emits: tuple[Metric, ...] = (THROTTLED, THROTTLE_WAY)

    def __init__(self, nvml: Nvml, clock: Clock = MACHINE.awake) -> None:
        self._nvml = nvml
        self._clock = clock
        self._fields = Seldom(counter_fields, clock)
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def read(self) -> Iterator[Sample]:
        yield from each(self._nvml.gpus(), self._throttle)

    def counters(self) -> Iterator[Sample]:
        with self._lock:
            samples = [
                THROTTLED(counter.total, gpu=label, reason=reason)
                for label, held in self._held.items()
                for reason, counter in held.seconds.items()
                if counter.total is not None
            ]
        return iter(samples)

    def cut(self) -> None:
        """Nothing is counted for the time of a call that hangs but what the driver counts itself."""

    def _throttle(self, gpu: Gpu) -> Iterator[Sample]:
        counted = self._counted(gpu)
        flags = None if len(counted) == len(REASONS) else _flags(gpu)
        with self._lock:
            held = self._held.setdefault(gpu.label, _Held())
            self._add(held, counted, flags)
            return iter([THROTTLE_WAY(1, gpu=gpu.label, reason=reason, way=way) for reason, way in held.ways.items()])

    def _counted(self, gpu: Gpu) -> dict[str, tuple[str, float]]:
        """By reason, what the driver counted: (way, seconds)."""
        fields = self._fields.of(gpu)
        said = field_values(gpu, tuple(Field(number) for numbers in fields.values() for number in numbers))
        counted: dict[str, tuple[str, float]] = {}
        for reason in REASONS:
            number = next((n for n in fields[reason.name] if Field(n) in said), None)
            if number is not None:
                counted[reason.name] = ("counter", said[Field(number)] / _NANO)
            elif (seconds := _violation(gpu, reason)) is not None:
                counted[reason.name] = ("policy", seconds)
        return counted

    def _add(self, held: _Held, counted: dict[str, tuple[str, float]], flags: int | None) -> None:
        now = self._clock()
        passed = 0.0 if held.read_at is None else now - held.read_at
        for reason in REASONS:
            counter = held.seconds[reason.name]
            if reason.name in counted:
                way, seconds = counted[reason.name]
                if held.ways.get(reason.name) != way:
                    counter.forget()
                counter.told(seconds, _SLACK + _FASTEST * passed)
                held.ways[reason.name] = way
            elif flags is not None:
                counter.forget()
                counter.add(_share(reason, held.flags, flags, passed) * passed)
                held.ways[reason.name] = "flags"
            else:
                held.ways.pop(reason.name, None)
        held.read_at, held.flags = now, flags


def _violation(gpu: Gpu, reason: Reason) -> float | None:
    status = None if reason.policy is None else gpu.ask("GetViolationStatus", reason.policy)
    return None if status is None else status.violationTime / _NANO


def _flags(gpu: Gpu) -> int | None:
    flags: int | None = gpu.ask("GetCurrentClocksEventReasons")
    return gpu.ask("GetCurrentClocksThrottleReasons") if flags is None else flags  # its name before driver 535


def _share(reason: Reason, before: int | None, now: int, passed: float) -> float:
    """Of the time between two readings: all when it was flagged at both ends, half when at one."""
    if before is None or passed > _LONGEST:
        return 0.0
    return (bool(before & reason.flag) + bool(now & reason.flag)) / 2
