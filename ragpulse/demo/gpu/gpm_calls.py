"""Activity of a simulated device: samples that are taken, and what was between two of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ragpulse.demo.gpu.answers import (
    INVALID_ARGUMENT,
    NOT_SUPPORTED,
    SUCCESS,
    Refusal,
    address,
    chosen,
    plain,
    point,
    target,
)

if TYPE_CHECKING:
    from ragpulse.demo.gpu.library import NvmlLibrary

_VERSION_MISMATCH = 25


def _gpm_support(library: NvmlLibrary, handle: Any, answer: Any) -> int:
    device = library.device_of(handle)
    if target(answer).version != 1:
        return _VERSION_MISMATCH
    if device.gpm is None:
        chosen(device.answers.get("nvmlGpmQueryDeviceSupport", 0), ())
    target(answer).isSupportedDevice = int(device.gpm is not None)
    return SUCCESS


def _gpm_alloc(library: NvmlLibrary, sample: Any) -> int:
    with library.guard:
        number = max(library.gpm_samples, default=0x7000) + 0x10
        library.gpm_samples[number] = None
    point(target(sample), number)
    return SUCCESS


def _gpm_free(library: NvmlLibrary, sample: Any) -> int:
    with library.guard:
        return SUCCESS if library.gpm_samples.pop(_sample(library, sample), 0) != 0 else INVALID_ARGUMENT


def _gpm_take(library: NvmlLibrary, handle: Any, sample: Any) -> int:
    device, number = library.device_of(handle), _sample(library, sample)
    if device.gpm is None:
        return NOT_SUPPORTED
    library.gpm_samples[number] = (device, library.now())
    return SUCCESS


def _gpm_take_mig(library: NvmlLibrary, handle: Any, instance: Any, sample: Any) -> int:
    device, number = library.device_of(handle), _sample(library, sample)
    for each in device.instances:
        if each.gpu_instance == plain(instance) and each.gpm is not None:
            library.gpm_samples[number] = (each, library.now())
            return SUCCESS
    return NOT_SUPPORTED


def _gpm_metrics(library: NvmlLibrary, request: Any) -> int:
    asked = target(request)
    if asked.version != 1:
        return _VERSION_MISMATCH
    first, second = (library.gpm_samples[_sample(library, sample)] for sample in (asked.sample1, asked.sample2))
    if first is None or second is None or first[0] is not second[0]:
        return INVALID_ARGUMENT
    for index in range(asked.numMetrics):
        metric = asked.metrics[index]
        try:
            metric.value = first[0].activity(metric.metricId, first[1], second[1])
        except Refusal as refusal:
            metric.nvmlReturn = refusal.code
        else:
            metric.nvmlReturn = SUCCESS
    return SUCCESS


def _sample(library: NvmlLibrary, sample: Any) -> int:
    number = address(sample)
    if number not in library.gpm_samples:
        raise Refusal(INVALID_ARGUMENT)
    return number


GPM_CALLS: dict[str, Callable[..., Any]] = {
    "nvmlGpmQueryDeviceSupport": _gpm_support,
    "nvmlGpmSampleAlloc": _gpm_alloc,
    "nvmlGpmSampleFree": _gpm_free,
    "nvmlGpmSampleGet": _gpm_take,
    "nvmlGpmMigSampleGet": _gpm_take_mig,
    "nvmlGpmMetricsGet": _gpm_metrics,
}
