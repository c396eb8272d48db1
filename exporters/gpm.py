"""How active were the units of a GPU, or of a MIG instance, since the sample before? GPM: Hopper and newer, no DCGM.

Source: samples of the driver's performance counters (nvmlGpmSampleGet, nvmlGpmMigSampleGet), of which NVML makes the
mean between any two, so that nothing between two runs is missed. Each GPU has two buffers, used in turn; they belong to
one opening of NVML and are freed before it is closed. Ratios, bytes per second, seconds. What makes no sense is left
out: a NaN (nothing ran), more than 100 %, a rate beyond any link, a pair too close or too far apart, a sample that took
so long that its moment is not known. Errors: NvmlError.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from exporters.nvml import Nvml
from exporters.nvml_error import LOST, NvmlError
from exporters.nvml_gpu import Gpu

Flow = tuple[str, str]  # link, direction
# nvmlGpmMetricId_t, of percentages and of rates in MiB/s.
UNITS = {"graphics": 1, "sm": 2, "sm_occupancy": 3, "tensor": 5, "dram": 10}
FLOWS: dict[Flow, int] = {
    ("pcie", "transmitted"): 20, ("pcie", "received"): 21, ("nvlink", "received"): 60, ("nvlink", "transmitted"): 61,
}  # fmt: skip
METRICS = (*UNITS.values(), *FLOWS.values())
_SUCCESS = 0
_HIGHEST = 100.0
_MIB = 1 << 20
_FASTEST = 1e7  # MiB/s; several times what the fastest links can do
_ROUNDING = 1.0  # percent above the highest that a ratio of two counters may come to
_CLOSEST = 0.1  # seconds; NVML documents that its counters are refreshed no faster
_FARTHEST = 60.0  # seconds; nothing is documented of counters that wrap
_SLOWEST = 0.5  # seconds that taking a sample may last


@dataclass(frozen=True, slots=True)
class Interval:
    """What each unit did for `seconds`, and bytes per second; empty and 0 when there is nothing to compare with yet."""

    seconds: float = 0.0
    ratios: dict[str, float] = field(default_factory=dict)
    flows: dict[Flow, float] = field(default_factory=dict)

    def by_metric(self) -> dict[int, float]:
        """As NVML tells it."""
        percent = {UNITS[unit]: ratio * _HIGHEST for unit, ratio in self.ratios.items()}
        return percent | {FLOWS[flow]: rate / _MIB for flow, rate in self.flows.items()}


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
            said = self._between(gpu, binding, *taken.buffers)
            return None if said is None else _believable(ended - before, said)

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

    def _between(self, gpu: Gpu, binding: Any, first: Any, second: Any) -> dict[int, float] | None:
        if self._request is None:
            self._request = binding.c_nvmlGpmMetricsGet_t()  # 19 KB
            self._request.version = binding.NVML_GPM_METRICS_GET_VERSION
            self._request.numMetrics = len(METRICS)
            for metric, number in zip(self._request.metrics, METRICS, strict=False):
                metric.metricId = number
        self._request.sample1, self._request.sample2 = first, second
        if self._ask(gpu, "GpmMetricsGet", self._request) is None:
            return None
        said = zip(METRICS, self._request.metrics, strict=False)
        return {number: metric.value for number, metric in said if metric.nvmlReturn == _SUCCESS} or None

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


def _believable(seconds: float, said: dict[int, float]) -> Interval:
    percent = {unit: said[number] for unit, number in UNITS.items() if number in said}
    rates = {flow: said[number] for flow, number in FLOWS.items() if number in said}
    return Interval(
        seconds,
        {
            unit: min(value, _HIGHEST) / _HIGHEST
            for unit, value in percent.items()
            if 0 <= value <= _HIGHEST + _ROUNDING
        },
        {flow: rate * _MIB for flow, rate in rates.items() if 0 <= rate <= _FASTEST},
    )
