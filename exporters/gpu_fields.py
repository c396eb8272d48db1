"""Fields of a GPU, many in one call, each with an answer of its own. Source: nvmlDeviceGetFieldValues.

Values as the driver gives them, in the unit of each field. What a card cannot say is left out. Errors: NvmlError.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from exporters.nvml_error import LOST, NvmlError, reason_of
from exporters.nvml_gpu import Gpu

ALL_LINKS = 0xFFFFFFFF  # the scope of a field of links that adds them up
# nvmlValueType_t → the member of the union in which the value stands.
_MEMBERS = ("dVal", "uiVal", "ulVal", "ullVal", "sllVal", "siVal", "usVal")


class Field(NamedTuple):
    number: int
    scope: int = 0


def member(value_type: int) -> str:
    """What is newer than this list is most likely wide, and a narrow value is the lower half of a wide one."""
    return _MEMBERS[value_type] if 0 <= value_type < len(_MEMBERS) else "ullVal"


def field_values(gpu: Gpu, fields: Sequence[Field]) -> dict[Field, float]:
    if not fields:
        return {}
    answers: Any = gpu.ask("GetFieldValues", list(fields)) or ()
    return {field: _value(answer) for field, answer in zip(fields, answers, strict=False) if _is_said(gpu, answer)}


def _is_said(gpu: Gpu, answer: Any) -> bool:
    if answer.nvmlReturn == gpu.binding.NVML_SUCCESS:
        return True
    reason = reason_of(gpu.binding.NVMLError(answer.nvmlReturn))
    if reason in LOST:
        gpu.lost.set()
        raise NvmlError(reason, f"field {answer.fieldId} of GPU {gpu.label}")
    return False


def _value(answer: Any) -> float:
    value: float = getattr(answer.value, member(answer.valueType))
    return value
