"""Everything that the binding says of every device at one moment, as plain data: to compare one driver with another.

Run as a program it asks the compiled stub: `python -m tests.fakes.nvml_asked SCENARIO FILE STEPS` does the steps of a
`Teller` with the scenario in FILE, and prints what was answered.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynvml

from exporters.gpm import METRICS
from exporters.gpu_calls import CALLS, FIELDS, SAMPLES
from exporters.nvml import Nvml
from exporters.nvml_error import NvmlError
from exporters.nvml_gpu import Gpu
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import named
from tests.fakes import nvml_stub

_SYSTEM = ("nvmlSystemGetDriverVersion", "nvmlSystemGetNVMLVersion", "nvmlSystemGetCudaDriverVersion_v2")
_INSTANCES = 8
_XID = 8
_FIRST_MOMENT = 1000.0


class Moments:
    def __init__(self) -> None:
        self.now = _FIRST_MOMENT

    def __call__(self) -> float:
        return self.now


def binding() -> Any:
    """For `Nvml`: with whatever library it has."""
    return pynvml


def plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, pynvml.c_nvmlDevice_t):
        return value
    if hasattr(value, "_fields_"):
        return {name: plain(getattr(value, name)) for name, *_ in value._fields_}
    if hasattr(value, "_length_"):
        return [plain(item) for item in value]
    if isinstance(value, pynvml.nvmlFriendlyObject):
        return {name: plain(item) for name, item in vars(value).items()}
    value = getattr(value, "value", value)  # a C type, which the binding forgot to unpack
    return value.decode() if isinstance(value, bytes) else value


def _call(function: str, *arguments: Any) -> Any:
    try:
        return plain(getattr(pynvml, function)(*arguments))
    except pynvml.NVMLError as error:
        return f"error {error.value}"


def _fields(gpu: Gpu) -> list[Any]:
    found = gpu.ask("GetFieldValues", [field.wanted for field in FIELDS])
    return [
        (value.fieldId, value.nvmlReturn, value.nvmlReturn or (value.valueType, value.value.ullVal)) for value in found
    ]


def _samples(gpu: Gpu, kind: int, after: int) -> Any:
    try:
        kind_of_value, found = pynvml.nvmlDeviceGetSamples(gpu.handle, kind, after)
    except pynvml.NVMLError as error:
        return f"error {error.value}"
    return kind_of_value, [(sample.timeStamp, sample.sampleValue.ullVal) for sample in found]


def _device(gpu: Gpu, gpm: Any) -> dict[str, Any]:
    handle = gpu.handle
    found: dict[str, Any] = {}
    for call in CALLS:
        try:
            found[call.name] = plain(call.ask(gpu))
        except NvmlError as error:
            found[call.name] = error.reason
    found["fields"] = _fields(gpu)
    for kind in SAMPLES:
        found[f"samples {kind}"] = _samples(gpu, kind, 0)
    for running in ("Compute", "Graphics"):
        found[running] = _call(f"nvmlDeviceGet{running}RunningProcesses_v3", handle)
    found["shares"] = _call("nvmlDeviceGetProcessUtilization", handle, 0)
    found["gpm"] = gpm
    return found


class GpmPairs:
    """A GPM sample of each device at each moment, and what was between it and the one before."""

    def __init__(self) -> None:
        self._before: dict[str, Any] = {}

    def look(self, gpu: Gpu) -> Any:
        supported = _call("nvmlGpmQueryDeviceSupport", gpu.handle)
        if not isinstance(supported, dict) or not supported["isSupportedDevice"]:
            return supported
        return [supported, self._between(gpu.uuid, lambda into: pynvml.nvmlGpmSampleGet(gpu.handle, into))]

    def look_at_instance(self, gpu: Gpu, uuid: str, instance: int) -> Any:
        return self._between(uuid, lambda into: pynvml.nvmlGpmMigSampleGet(gpu.handle, instance, into))

    def _between(self, key: str, take: Any) -> Any:
        taken = pynvml.nvmlGpmSampleAlloc()
        try:
            take(taken)
        except pynvml.NVMLError as error:
            return f"error {error.value}"
        before, self._before[key] = self._before.get(key), taken
        if before is None:
            return None
        asked = pynvml.c_nvmlGpmMetricsGet_t()
        asked.version, asked.numMetrics = pynvml.NVML_GPM_METRICS_GET_VERSION, len(METRICS)
        asked.sample1, asked.sample2 = before, taken
        for index, metric in enumerate(METRICS):
            asked.metrics[index].metricId = metric
        pynvml.nvmlGpmMetricsGet(asked)
        pynvml.nvmlGpmSampleFree(before)
        return [
            (asked.metrics[index].nvmlReturn, round(asked.metrics[index].value, 9)) for index in range(len(METRICS))
        ]


def everything(nvml: Nvml, pairs: GpmPairs) -> dict[str, Any]:
    found: dict[str, Any] = {function: _call(function) for function in _SYSTEM}
    for gpu in nvml.gpus():
        try:
            found[gpu.uuid] = _device(gpu, pairs.look(gpu))
        except NvmlError as error:
            found[gpu.uuid] = error.reason
            continue
        for index in range(_INSTANCES):
            found |= _instance(gpu, index, pairs)
    return found


def _instance(gpu: Gpu, index: int, pairs: GpmPairs) -> dict[str, Any]:
    try:
        handle = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(gpu.handle, index)
    except pynvml.NVMLError as error:
        return {f"{gpu.uuid} instance {index}": f"error {error.value}"}
    number = pynvml.nvmlDeviceGetGpuInstanceId(handle)
    uuid = pynvml.nvmlDeviceGetUUID(handle)
    return {
        uuid: {
            "instance": number,
            "compute": pynvml.nvmlDeviceGetComputeInstanceId(handle),
            "attributes": _call("nvmlDeviceGetAttributes_v2", handle),
            "memory": _call("nvmlDeviceGetMemoryInfo", handle, pynvml.nvmlMemory_v2),
            "activity": pairs.look_at_instance(gpu, uuid, number),
        }
    }


class Teller:
    """Does what a test says, one step after the other, and keeps what was answered at each `ask`.

    Steps: ["pass", seconds], ["ask"], ["reopen"], ["wait"] for an event, ["set", attribute, value], and every method of
    the library by its name with its arguments. `changed` is called after each change.
    """

    def __init__(self, scenario: str, changed: Callable[[NvmlLibrary], None]) -> None:
        self._clock = Moments()
        told = named(scenario) | {"hangs": []}
        # Of many alike devices a few are enough; the last is not like them.
        told["devices"] = [*told["devices"][:3], *told["devices"][7:]]
        self.library = NvmlLibrary(told, self._clock)
        self._changed = changed
        self._nvml, self._pairs = Nvml(load=binding), GpmPairs()
        self._events: Any = None
        self.found: list[Any] = []

    def tell(self, steps: list[list[Any]]) -> None:
        self._changed(self.library)
        for what, *arguments in steps:
            if (own := getattr(self, f"_{what}", None)) is not None:
                own(*arguments)
            else:
                getattr(self.library, what)(*arguments)
            self._changed(self.library)

    def _pass(self, seconds: float) -> None:
        self._clock.now += seconds

    def _set(self, name: str, value: Any) -> None:
        setattr(self.library, name, value)

    def _reopen(self) -> None:
        self._pairs = GpmPairs()
        try:
            count = self._nvml.open().count
        except NvmlError as error:
            self.found.append(error.reason)
            return
        self._events = pynvml.nvmlEventSetCreate()
        registered = [_call("nvmlDeviceRegisterEvents", gpu.handle, _XID, self._events) for gpu in self._nvml.gpus()]
        self.found.append([count, registered])

    def _ask(self) -> None:
        self.found.append(everything(self._nvml, self._pairs))

    def _wait(self) -> None:
        told = _call("nvmlEventSetWait_v2", self._events, 20)
        if isinstance(told, dict):
            told["device"] = _call("nvmlDeviceGetUUID", told["device"])
        self.found.append(told)


def main() -> None:
    scenario, file, steps = sys.argv[1:]
    teller = Teller(scenario, lambda library: nvml_stub.write(Path(file), library, frozen=True))
    teller.tell(json.loads(steps))
    json.dump(teller.found, sys.stdout)


if __name__ == "__main__":
    main()
