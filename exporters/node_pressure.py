"""How long did tasks wait for processor, memory and disks? Source: /proc/pressure (PSI); seconds, from microseconds.

Kernels before 5.13 have no `full` line for the processor, those of today write 0 there for the whole system: each is
passed on as it is. A kernel without PSI gives no sample. Errors: SourceError for a file that cannot be understood.
"""

from collections.abc import Iterator

from exporters.kernel_files import KernelReading, count
from ragpulse.catalogue.node import PRESSURE_RESOURCES, PRESSURE_STALLED, PRESSURE_WAITING
from ragpulse.metric import Metric, Sample

_METRICS = {"some": PRESSURE_WAITING, "full": PRESSURE_STALLED}
_MICROSECONDS = 1_000_000


class NodePressure(KernelReading):
    name: str = "node_pressure"
    emits: tuple[Metric, ...] = (PRESSURE_WAITING, PRESSURE_STALLED)

    def readings(self) -> Iterator[Sample]:
        for resource in PRESSURE_RESOURCES:
            name = f"proc/pressure/{resource}"
            for line in (self._files.text(name) or "").splitlines():
                with self._files.understood(name):
                    kind, *pairs = line.split()
                    total = count(dict(pair.split("=") for pair in pairs)["total"])
                if kind in _METRICS:
                    yield _METRICS[kind](total / _MICROSECONDS, resource=resource)
