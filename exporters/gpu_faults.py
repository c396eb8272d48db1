"""Is the memory of a GPU failing? Errors that ECC found, rows that were replaced, pages that were retired.

Source: fields of NVML, in one call. Only cards with ECC have them; consumer cards and GB10 say nothing. Errors: as of
`each`.
"""

import threading
from collections.abc import Iterator

from exporters.gpu_counter import DriverCounter
from exporters.gpu_each import each
from exporters.gpu_fields import Field, field_values
from exporters.nvml import Nvml
from exporters.nvml_gpu import Gpu
from ragpulse.catalogue.gpu_errors import ECC, REMAPPED_ROWS, RETIRED_PAGES
from ragpulse.metric import Metric, Sample

_ECC = {"corrected": Field(5), "uncorrected": Field(6)}  # over the life of the board
_ROWS = {"corrected": Field(142), "uncorrected": Field(143), "pending": Field(144), "failed": Field(145)}
_PAGES = {"single_bit": Field(29), "double_bit": Field(30), "pending": Field(31)}
_ALL = (*_ECC.values(), *_ROWS.values(), *_PAGES.values())


class GpuFaults:
    name: str = "gpu_faults"
    interval: float = 10.0  # as rules are evaluated
    timeout: float = 5.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (ECC, REMAPPED_ROWS, RETIRED_PAGES)

    def __init__(self, nvml: Nvml) -> None:
        self._nvml = nvml
        self._errors: dict[tuple[str, str], DriverCounter] = {}  # by label and severity
        self._lock = threading.Lock()

    def read(self) -> Iterator[Sample]:
        yield from each(self._nvml.gpus(), self._faults)

    def counters(self) -> Iterator[Sample]:
        with self._lock:
            samples = [
                ECC(counter.total, gpu=label, severity=severity)
                for (label, severity), counter in self._errors.items()
                if counter.total is not None
            ]
        return iter(samples)

    def cut(self) -> None:
        """The driver counts on while a call hangs."""

    def _faults(self, gpu: Gpu) -> Iterator[Sample]:
        said = field_values(gpu, _ALL)
        with self._lock:
            for severity, field in _ECC.items():
                if field in said:
                    self._errors.setdefault((gpu.label, severity), DriverCounter()).told(said[field])
        for state, field in _ROWS.items():
            if field in said:
                yield REMAPPED_ROWS(said[field], gpu=gpu.label, state=state)
        for cause, field in _PAGES.items():
            if field in said:
                yield RETIRED_PAGES(said[field], gpu=gpu.label, cause=cause)
