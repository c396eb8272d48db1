"""A driver's buffer of samples as (stamp, value) pairs, and whether a card has one. Source: nvmlDeviceGetSamples.

Values in the driver's unit (percent, milliwatts); stamps in microseconds of whatever clock the driver uses. Errors:
NvmlError for what is not merely "nothing new".
"""

import math
from typing import Any

from exporters.gpu_fields import member
from exporters.nvml_error import NvmlError
from exporters.nvml_gpu import Gpu

TOTAL_POWER, GPU_UTILIZATION = 0, 1  # nvmlSamplingType_t
_NOTHING_NEW = "not_found"


def new_samples(gpu: Gpu, kind: int, after: int, highest: float = math.inf) -> list[tuple[int, float]] | None:
    """Empty when nothing is new; None where there is no such buffer. What is above `highest` means nothing: such a
    sample keeps its time, and takes its value from the one beside it.
    """
    try:
        answer: Any = gpu.ask("GetSamples", kind, after)
    except NvmlError as error:
        if error.reason == _NOTHING_NEW:
            return []
        raise
    if answer is None:
        return None
    value_type, samples = answer
    name = member(value_type)
    pairs = [(sample.timeStamp, float(getattr(sample.sampleValue, name))) for sample in samples]
    last = next((value for _, value in pairs if value <= highest), None)
    if last is None:
        return []
    usable: list[tuple[int, float]] = []
    for stamp, value in pairs:
        last = value if value <= highest else last
        usable.append((stamp, last))
    return usable
