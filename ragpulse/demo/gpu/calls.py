"""The NVML calls that are more than a look-up: opening, handles, buffers, fields, events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ragpulse.demo.gpu.answers import (
    INVALID_ARGUMENT,
    SUCCESS,
    Refusal,
    address,
    plain,
    point,
    target,
)
from ragpulse.demo.gpu.device import Device
from ragpulse.demo.gpu.gpm_calls import GPM_CALLS
from ragpulse.demo.gpu.process_calls import PROCESS_CALLS

if TYPE_CHECKING:
    from ragpulse.demo.gpu.library import NvmlLibrary

_NOT_FOUND, _GPU_IS_LOST = 6, 15
_WORDS = {0: "Success", 3: "Not Supported", 999: "Unknown Error"}


def _init(library: NvmlLibrary, *_: Any) -> int:
    library.open()
    return SUCCESS


def _shutdown(library: NvmlLibrary) -> int:
    if not library.opened:
        return 1
    library.close()
    return SUCCESS


def _error_string(_library: NvmlLibrary, code: Any) -> bytes:
    return _WORDS.get(plain(code), f"NVML error {plain(code)}").encode()


def _count(library: NvmlLibrary, count: Any) -> int:
    target(count).value = len(library.devices)
    return SUCCESS


def _by_index(library: NvmlLibrary, index: Any, handle: Any) -> int:
    number = plain(index)
    if not 0 <= number < len(library.devices):
        return INVALID_ARGUMENT
    return _point(library, library.devices[number], handle)


def _mig_by_index(library: NvmlLibrary, parent: Any, index: Any, handle: Any) -> int:
    device, number = library.device_of(parent), plain(index)
    if not 0 <= number < len(device.instances):
        return _NOT_FOUND
    return _point(library, device.instances[number], handle)


def _gpu_instance(library: NvmlLibrary, handle: Any, answer: Any) -> int:
    return _instance(library.device_of(handle).gpu_instance, answer)


def _compute_instance(library: NvmlLibrary, handle: Any, answer: Any) -> int:
    return _instance(library.device_of(handle).compute_instance, answer)


def _instance(number: int | None, answer: Any) -> int:
    if number is None:
        return INVALID_ARGUMENT
    target(answer).value = number
    return SUCCESS


def _point(library: NvmlLibrary, device: Device, handle: Any) -> int:
    if library.is_lost(device):
        return _GPU_IS_LOST
    point(target(handle), library.handle_of(device))
    return SUCCESS


def _samples(library: NvmlLibrary, handle: Any, kind: Any, after: Any, *results: Any) -> int:
    """Called twice, as documented: without an array for how many there may be, then with one."""
    value_type, count, into = results
    device = library.device_of(handle)
    number, member, found = device.buffer(plain(kind), plain(after), library.now())
    target(value_type).value = number
    if into is None:
        target(count).value = device.buffers[str(plain(kind))]["depth"]
        return SUCCESS
    if not found:
        return _NOT_FOUND
    found = found[-len(into) :]
    for slot, (stamp, value) in zip(into, found, strict=False):
        slot.timeStamp = stamp
        setattr(slot.sampleValue, member, value)
    target(count).value = len(found)
    return SUCCESS


def _fields(library: NvmlLibrary, handle: Any, count: Any, values: Any) -> int:
    device, now = library.device_of(handle), library.now()
    for slot in list(target(values))[: plain(count)]:
        library.asked.add(("field", (slot.fieldId, slot.scopeId)))
        slot.timestamp, slot.latencyUsec = device.stamp(now), 0
        try:
            slot.valueType, member, value = device.field(slot.fieldId, slot.scopeId, now)
        except Refusal as refusal:
            slot.nvmlReturn = refusal.code
        else:
            slot.nvmlReturn = SUCCESS
            setattr(slot.value, member, value)
    return SUCCESS


def _event_set(library: NvmlLibrary, answer: Any) -> int:
    point(target(answer), library.events.create())
    return SUCCESS


def _event_free(library: NvmlLibrary, event_set: Any) -> int:
    library.events.free(address(event_set))
    return SUCCESS


def _event_register(library: NvmlLibrary, handle: Any, kinds: Any, event_set: Any) -> int:
    library.events.register(address(event_set), library.device_of(handle), plain(kinds))
    return SUCCESS


def _event_wait(library: NvmlLibrary, event_set: Any, data: Any, milliseconds: Any) -> int:
    event, instance = library.events.wait(address(event_set), plain(milliseconds))
    found = target(data)
    handle = type(found.device)()
    point(handle, library.handle_of(event.device))
    found.device, found.eventType, found.eventData = handle, event.kind, event.data
    found.gpuInstanceId = found.computeInstanceId = instance
    return SUCCESS


SPECIAL: dict[str, Callable[..., Any]] = {
    "nvmlInitWithFlags": _init,
    "nvmlInit_v2": _init,
    "nvmlShutdown": _shutdown,
    "nvmlErrorString": _error_string,
    "nvmlDeviceGetCount_v2": _count,
    "nvmlDeviceGetHandleByIndex_v2": _by_index,
    "nvmlDeviceGetMigDeviceHandleByIndex": _mig_by_index,
    "nvmlDeviceGetGpuInstanceId": _gpu_instance,
    "nvmlDeviceGetComputeInstanceId": _compute_instance,
    "nvmlDeviceGetSamples": _samples,
    "nvmlDeviceGetFieldValues": _fields,
    "nvmlEventSetCreate": _event_set,
    "nvmlEventSetFree": _event_free,
    "nvmlDeviceRegisterEvents": _event_register,
    "nvmlEventSetWait_v2": _event_wait,
    **PROCESS_CALLS,
    **GPM_CALLS,
}
