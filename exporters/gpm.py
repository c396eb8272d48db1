"""How active were the units of a GPU, or of a MIG instance, since the sample before? GPM: Hopper and newer, no DCGM.

Source: samples of the driver's performance counters (nvmlGpmSampleGet, nvmlGpmMigSampleGet), of which NVML makes the
mean between any two, so that nothing between two runs is missed. Each GPU has two buffers, used in turn; they belong to
one opening of NVML and are freed before it is closed. Ratios, seconds. What makes no sense is left out: a NaN (nothing
ran), more than 100 %, a pair too close or too far apart, a sample that took so long that its moment is not known.
Errors: NvmlError.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from exporters.nvml import Nvml
from exporters.nvml_error import LOST, NvmlError
from exporters.nvml_gpu import Gpu
from ragpulse.catalogue.gpu_use import UNITS

METRICS = {"graphics": 1, "sm": 2, "sm_occupancy": 3, "tensor": 5, "dram": 10}  # nvmlGpmMetricId_t
_SUCCESS = 0
_HIGHEST = 100.0
_ROUNDING = 1.0  # percent above the highest that a ratio of two counters may come to
_CLOSEST = 0.1  # seconds; NVML documents that its counters are refreshed no faster
_FARTHEST = 60.0  # seconds; nothing is documented of counters that wrap
_SLOWEST = 0.5  # seconds that taking a sample may last


@dataclass(frozen=True, slots=True)
class Interval:
    """What each unit did for `seconds`; empty and 0 when there is nothing to compare with yet."""

    seconds: float = 0.0
    ratios: dict[str, float] = field(default_factory=dict)


@dataclass
class _Taken:
    """The buffer of the older sample first. `moment`: of the newer one; None when there is none of use."""

    buffers: list[Any] = field(default_factory=list)
    moment: float | None = None


class Gpm:
    """For one thread, and the one that closes NVML, when nobody else is inside."""

    def __init__(self, nvml: Nvml, clock: Callable[[], float] = time.monotonic) -> None:
        self._nvml = nvml
        self._clock = clock
        self._opening = 0
        self._taken: dict[str, _Taken] = {}
        self._supported: dict[str, bool] = {}
        self._request: Any = None

    def is_supported(self, gpu: Gpu) -> bool:
        """What the driver says of it, which is not yet proven."""
        with self._nvml.held() as binding:
            self._follow(binding)
            if gpu.uuid not in self._supported:
                answer = self._ask(gpu, "GpmQueryDeviceSupport", gpu.handle)
                if answer is None:
                    return False  # perhaps only for now: a card that is not ready says so, too
                self._supported[gpu.uuid] = bool(answer.isSupportedDevice)
            return self._supported[gpu.uuid]

    def since_last(self, gpu: Gpu, uuid: str, instance: int | None = None) -> Interval | None:
        """`uuid` and `instance`: of a MIG instance of `gpu`, or the GPU's own and None. None where there is no GPM."""
        with self._nvml.held() as binding:
            self._follow(binding)
            taken = self._taken.setdefault(uuid, _Taken())
            while len(taken.buffers) < 2:  # noqa: PLR2004 - a pair
                if (buffer := self._ask(gpu, "GpmSampleAlloc")) is None:
                    return None
                taken.buffers.append(buffer)
            before, taken.moment = taken.moment, None
            began = self._clock()
            if before is not None and began - before < _CLOSEST:
                taken.moment = before
                return Interval()
            into = taken.buffers[0]
            if instance is None:
                answer = self._ask(gpu, "GpmSampleGet", gpu.handle, into)
            else:
                answer = self._ask(gpu, "GpmMigSampleGet", gpu.handle, instance, into)
            if answer is None:
                return None
            ended = self._clock()
            taken.buffers.reverse()
            if ended - began > _SLOWEST:
                return Interval()
            taken.moment = ended
            if before is None or ended - before > _FARTHEST:
                return Interval()
            ratios = self._between(gpu, binding, *taken.buffers)
            return None if ratios is None else Interval(ended - before, ratios)

    def forget(self, uuid: str) -> None:
        with self._nvml.held() as binding:
            self._free(binding, self._taken.pop(uuid, None))

    def stop(self) -> None:
        with self._nvml.held() as binding:
            self._release(binding)

    def _release(self, binding: Any) -> None:
        while self._taken:
            self._free(binding, self._taken.popitem()[1])

    def _follow(self, binding: Any) -> None:
        """What was known of an earlier opening is gone with it, and its buffers are freed before that."""
        if self._opening != self._nvml.openings:
            self._opening = self._nvml.openings
            self._supported.clear()
            self._nvml.before_close(lambda: self._release(binding))

    def _between(self, gpu: Gpu, binding: Any, first: Any, second: Any) -> dict[str, float] | None:
        if self._request is None:
            self._request = binding.c_nvmlGpmMetricsGet_t()  # 19 KB
            self._request.version = binding.NVML_GPM_METRICS_GET_VERSION
            self._request.numMetrics = len(UNITS)
            for metric, unit in zip(self._request.metrics, UNITS, strict=False):
                metric.metricId = METRICS[unit]
        self._request.sample1, self._request.sample2 = first, second
        if self._ask(gpu, "GpmMetricsGet", self._request) is None:
            return None
        said = zip(UNITS, self._request.metrics, strict=False)
        known = {unit: metric.value for unit, metric in said if metric.nvmlReturn == _SUCCESS}
        return dict(_believable(known)) if known else None

    def _ask(self, gpu: Gpu, function: str, *arguments: Any) -> Any:
        try:
            return self._nvml.ask(function, *arguments)
        except NvmlError as error:
            if error.reason in LOST:
                gpu.lost.set()
            raise

    def _free(self, binding: Any, taken: _Taken | None) -> None:
        for buffer in taken.buffers if taken else ():
            with suppress(binding.NVMLError):
                binding.nvmlGpmSampleFree(buffer)


def _believable(percent: dict[str, float]) -> Iterator[tuple[str, float]]:
    for unit, value in percent.items():
        if 0 <= value <= _HIGHEST + _ROUNDING:
            yield unit, min(value, _HIGHEST) / _HIGHEST
