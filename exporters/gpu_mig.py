"""Which MIG instances is each GPU cut into, and how much memory has each of them, how much is in use? Source: NVML.

`mig` is the number that nvidia-smi gives an instance. Memory belongs to a GPU instance: where that has several compute
instances, the first stands for it, so that a sum counts nothing twice; activity likewise. The memory of the GPU holds
that of all of them and is told apart (`gpu_memory`). Bytes. A GPU that is not cut has no series here. Errors: as of
`each`.
"""

import re
from collections.abc import Iterator
from typing import Any

from exporters.gpu_each import each
from exporters.nvml import Nvml
from exporters.nvml_error import NvmlError
from exporters.nvml_gpu import Gpu
from exporters.source import READING_INTERVAL
from ragpulse.catalogue.gpu_use import MIG_INFO, MIG_MEMORY_TOTAL, MIG_MEMORY_USED
from ragpulse.metric import Metric, Sample

_PROFILE = re.compile(r"\bMIG (\S+)")  # "NVIDIA H100 80GB HBM3 MIG 3g.40gb"
_UNKNOWN = "unknown"
_NONE_THERE = "not_found"


class Instance(Gpu):
    """To be asked like a GPU while NVML is held: who cuts the GPU anew leaves a handle worth nothing.

    `leads`: the first of its GPU instance, or the only one.
    """

    def __init__(self, gpu: Gpu, handle: Any, index: int, leads: set[int]) -> None:
        super().__init__(gpu.nvml, gpu.binding, gpu.label, gpu.uuid, gpu.lost)
        self._handle = handle
        self.index = str(index)
        self.uuid = str(self.ask("GetUUID") or f"{gpu.uuid}/{index}")
        self.gpu_instance: int | None = self.ask("GetGpuInstanceId")
        self.leads = self.gpu_instance is not None and self.gpu_instance not in leads

    @property
    def handle(self) -> Any:
        return self._handle


def instances(gpu: Gpu) -> list[Instance]:
    """To be called while NVML is held. Errors: NvmlError."""
    mode = gpu.ask("GetMigMode")
    if mode is None or mode[0] != gpu.binding.NVML_DEVICE_MIG_ENABLE:
        return []
    found: list[Instance] = []
    leads: set[int] = set()
    for index in range(gpu.ask("GetMaxMigDeviceCount") or 0):
        try:
            handle = gpu.ask("GetMigDeviceHandleByIndex", index)
        except NvmlError as error:
            if error.reason != _NONE_THERE:
                raise
            continue
        if handle is not None:
            found.append(Instance(gpu, handle, index, leads))
            if found[-1].gpu_instance is not None:
                leads.add(found[-1].gpu_instance)
    return found


class GpuMig:
    name: str = "gpu_mig"
    interval: float = READING_INTERVAL
    timeout: float = 3.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (MIG_INFO, MIG_MEMORY_USED, MIG_MEMORY_TOTAL)

    def __init__(self, nvml: Nvml) -> None:
        self._nvml = nvml

    def read(self) -> Iterator[Sample]:
        yield from each(self._nvml.gpus(), self._instances)

    def _instances(self, gpu: Gpu) -> Iterator[Sample]:
        with self._nvml.held():
            for instance in instances(gpu):
                yield from _samples(instance)


def _samples(instance: Instance) -> Iterator[Sample]:
    labels = {"gpu": instance.label, "mig": instance.index}
    profile = _PROFILE.search(str(instance.ask("GetName") or ""))
    yield MIG_INFO(1, profile=profile[1] if profile else _UNKNOWN, **labels)
    if not instance.leads:
        return
    memory = instance.ask("GetMemoryInfo", instance.binding.nvmlMemory_v2) or instance.ask("GetMemoryInfo")
    if memory is not None:
        yield MIG_MEMORY_USED(memory.used, **labels)
        yield MIG_MEMORY_TOTAL(memory.total, **labels)
