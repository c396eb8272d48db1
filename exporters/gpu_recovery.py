"""What does the driver ask for to recover each GPU: nothing, a reset, a reboot?

Source: NVML's field "GPU recovery action" (driver 565 and newer). A GPU without it has no series. Errors: NvmlError.
"""

from collections.abc import Iterator

from exporters.gpu_each import each
from exporters.gpu_fields import Field, field_values
from exporters.nvml import Nvml
from exporters.nvml_gpu import Gpu
from ragpulse.catalogue.gpu_errors import RECOVERY_ACTION, RECOVERY_ACTIONS
from ragpulse.metric import Metric, Sample, one_of

_FIELD = Field(230)  # NVML_FI_DEV_GET_GPU_RECOVERY_ACTION
*_NUMBERED, _UNKNOWN = RECOVERY_ACTIONS


class GpuRecovery:
    name: str = "gpu_recovery"
    interval: float = 10.0
    timeout: float = 8.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (RECOVERY_ACTION,)

    def __init__(self, nvml: Nvml) -> None:
        self._nvml = nvml

    def read(self) -> Iterator[Sample]:
        return each(self._nvml.gpus(), _action)


def _action(gpu: Gpu) -> Iterator[Sample]:
    number = field_values(gpu, [_FIELD]).get(_FIELD)
    if number is not None:
        action = _NUMBERED[int(number)] if number < len(_NUMBERED) else _UNKNOWN
        yield from one_of(RECOVERY_ACTION, "action", RECOVERY_ACTIONS, action, gpu=gpu.label)
