"""Which GPU is it, and which versions does it run with? Asked once for each opening of NVML: neither can change within.

Source: NVML; /proc/meminfo tells unified memory. Errors: NvmlError; SourceError for a /proc/meminfo of unknown form.
"""

from collections.abc import Iterator

from exporters.gpu_kind import Kinds
from exporters.nvml_gpu import Gpu
from ragpulse.catalogue.gpu import INFO, SOFTWARE_INFO
from ragpulse.metric import Sample

_CUDA_MAJOR, _CUDA_MINOR = 1000, 10  # 13020 is CUDA 13.2


def identity(gpu: Gpu, kinds: Kinds) -> Iterator[Sample]:
    yield INFO(
        1,
        gpu=gpu.label,
        uuid=gpu.uuid,
        model=_text(gpu.ask("GetName")),
        driver=_text(gpu.nvml.ask("SystemGetDriverVersion")),
        memory_kind="unified" if kinds.is_unified(gpu) else "dedicated",
    )
    cuda = gpu.nvml.ask("SystemGetCudaDriverVersion_v2")
    yield SOFTWARE_INFO(
        1,
        gpu=gpu.label,
        cuda="" if cuda is None else f"{cuda // _CUDA_MAJOR}.{cuda % _CUDA_MAJOR // _CUDA_MINOR}",
        vbios=_text(gpu.ask("GetVbiosVersion")),
        gsp=_text(gpu.ask("GetGspFirmwareVersion")),
    )


def _text(answer: str | bytes | None) -> str:
    """Some calls of the binding give bytes. Empty where the card cannot say."""
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer or ""
