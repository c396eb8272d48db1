"""Has a GPU memory of its own, or does it share that of the node? And therefore: which of its answers are placeholders?

Unified is a GPU that addresses memory through the CPU's page tables (ATS) or is built into a processor, and whose
memory NVML does not know (NOT_SUPPORTED) or gives as the node's own (MemTotal, give or take a tenth). Any other error
means nothing: a lost GPU, a MIG slice or a driver mismatch must not turn into "unified"; nor must a GH200, which has
ATS and memory of its own. Errors: NvmlError; SourceError for a /proc/meminfo that cannot be understood.
"""

import re
from pathlib import Path

from exporters.gpu_seldom import Seldom
from exporters.kernel_files import KernelFiles
from exporters.nvml_gpu import Gpu

# GPUs that are part of a processor, by NVML's name of them: DGX Spark and its relatives, Jetson.
_BUILT_IN = re.compile(r"\b(GB10|GB20B|N1X?|Thor|Orin|Tegra)\b")
_TENTH = 0.1
_KIB = 1024


class Kinds:
    """`is_unified`, asked seldom: it decides which other answers count."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._files = KernelFiles(root)
        self._unified = Seldom(lambda gpu: is_unified(gpu, self._node_total()))

    def is_unified(self, gpu: Gpu) -> bool:
        return self._unified.of(gpu)

    def _node_total(self) -> int:
        return self._files.table("proc/meminfo").get("MemTotal", 0) * _KIB


def is_unified(gpu: Gpu, node_total: int) -> bool:
    """`node_total`: MemTotal in bytes."""
    if not (_is_built_in(gpu) or _is_addressed_by_the_cpu(gpu)):
        return False
    memory, reason = gpu.ask_why("GetMemoryInfo")
    if memory is None:
        return reason == "not_supported"
    return bool(abs(memory.total - node_total) <= _TENTH * node_total)


def _is_built_in(gpu: Gpu) -> bool:
    return _BUILT_IN.search(str(gpu.ask("GetName") or "")) is not None


def _is_addressed_by_the_cpu(gpu: Gpu) -> bool:
    """Cut into MIG instances, a card need not know the memory that it has: what can be cut is its own."""
    mig = gpu.ask("GetMigMode")
    if mig is not None and mig[0] == gpu.binding.NVML_DEVICE_MIG_ENABLE:
        return False
    mode = gpu.ask("GetAddressingMode")
    return mode is not None and mode == gpu.binding.NVML_DEVICE_ADDRESSING_MODE_ATS
