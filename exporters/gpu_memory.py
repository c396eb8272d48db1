"""How much memory does each GPU have, and how much is in use? Of its own, or shared with the CPU (GB10 and relatives).

Source: nvmlDeviceGetMemoryInfo (v2: what driver and firmware reserve is not "used"); for unified memory /proc/meminfo.
There the pool belongs to the whole node: used = MemTotal - MemAvailable, or, where huge pages are set up, all but the
free ones of them (NVIDIA's rule, for the driver then allocates from these). Bytes. Errors: as of `each`; SourceError
for a /proc/meminfo that cannot be understood.
"""

from collections.abc import Iterator
from pathlib import Path

from exporters.gpu_each import each
from exporters.gpu_kind import Kinds
from exporters.kernel_files import KernelReading
from exporters.nvml import Nvml
from exporters.nvml_gpu import Gpu
from ragpulse.catalogue.gpu import MEMORY_RESERVED, MEMORY_TOTAL, MEMORY_USED
from ragpulse.metric import Metric, Sample

_KIB = 1024


class GpuMemory(KernelReading):
    name: str = "gpu_memory"
    emits: tuple[Metric, ...] = (MEMORY_USED, MEMORY_TOTAL, MEMORY_RESERVED)

    def __init__(self, nvml: Nvml, root: Path = Path("/")) -> None:
        super().__init__(root)
        self._nvml = nvml
        self._kinds = Kinds(root)

    def readings(self) -> Iterator[Sample]:
        yield from each(self._nvml.gpus(), self._memory)

    def _memory(self, gpu: Gpu) -> Iterator[Sample]:
        return self._shared(gpu) if self._kinds.is_unified(gpu) else _own(gpu)

    def _shared(self, gpu: Gpu) -> Iterator[Sample]:
        pool = self._files.table("proc/meminfo")  # in KiB, but for numbers of huge pages
        total, available = pool.get("MemTotal"), pool.get("MemAvailable")
        if pool.get("HugePages_Total"):
            available = pool.get("HugePages_Free", 0) * pool.get("Hugepagesize", 0)
        if total is not None and available is not None:
            yield MEMORY_USED((total - available) * _KIB, gpu=gpu.label)
            yield MEMORY_TOTAL(total * _KIB, gpu=gpu.label)


def _own(gpu: Gpu) -> Iterator[Sample]:
    memory = gpu.ask("GetMemoryInfo", gpu.binding.nvmlMemory_v2)
    if memory is not None:
        yield MEMORY_RESERVED(memory.reserved, gpu=gpu.label)
    else:
        memory = gpu.ask("GetMemoryInfo")  # a driver older than v2 counts what is reserved as used
    if memory is not None:
        yield MEMORY_USED(memory.used, gpu=gpu.label)
        yield MEMORY_TOTAL(memory.total, gpu=gpu.label)
