"""Who runs on a simulated device, with how much memory and what share of its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ragpulse.demo.gpu.answers import INSUFFICIENT_SIZE, SUCCESS, chosen, plain, target
from ragpulse.demo.gpu.device import process_samples

if TYPE_CHECKING:
    from ragpulse.demo.gpu.library import NvmlLibrary

_VALUE_NOT_AVAILABLE = 0xFFFFFFFFFFFFFFFF
_NO_INSTANCE = 0xFFFFFFFF


def _running(kind: str) -> Callable[..., int]:
    def running(library: NvmlLibrary, handle: Any, count: Any, into: Any) -> int:
        device = library.device_of(handle)
        found = device.running(kind)
        room = 0 if into is None else target(count).value
        target(count).value = len(found)
        if len(found) > room:
            return INSUFFICIENT_SIZE
        for slot, process in zip(into or (), found, strict=False):
            memory = process.get("memory")
            slot.pid = process["pid"]
            slot.usedGpuMemory = _VALUE_NOT_AVAILABLE if memory is None else memory
            slot.gpuInstanceId = process.get("gpu_instance", _NO_INSTANCE)
            slot.computeInstanceId = process.get("compute_instance", _NO_INSTANCE)
        return SUCCESS

    return running


def _process_utilization(library: NvmlLibrary, handle: Any, into: Any, count: Any, after: Any) -> int:
    device = library.device_of(handle)
    told = chosen(device.answers.get("nvmlDeviceGetProcessUtilization"), ())
    processes = device.processes if isinstance(device.processes, list) else []
    found = process_samples(device, processes, told["period"], plain(after), library.now())
    if not found:
        target(count).value = 0
        return int(told.get("empty", 0))
    room = 0 if into is None else len(into)
    target(count).value = len(found)
    if len(found) > room:
        return INSUFFICIENT_SIZE
    for slot, sample in zip(into, found, strict=False):
        for name, value in sample.items():
            setattr(slot, name, value)
    return SUCCESS


PROCESS_CALLS: dict[str, Callable[..., Any]] = {
    "nvmlDeviceGetComputeRunningProcesses_v3": _running("compute"),
    "nvmlDeviceGetGraphicsRunningProcesses_v3": _running("graphics"),
    "nvmlDeviceGetProcessUtilization": _process_utilization,
}
