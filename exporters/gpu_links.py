"""What travels over PCIe and NVLink, what goes wrong there, and is PCIe as fast and as wide as it could be?

Source: counters of the driver (never nvmlDeviceGetPcieThroughput, which blocks for 20 ms and more and samples). Bytes.
A GPU that is built into the processor has no PCIe of its own; what NVML says of it (generation 1, one lane) is a
placeholder and left out by what the GPU is. NVML warns that the counters of bytes over PCIe may go round, and the
driver's interface for them has 32 bits: up to 2 GiB between two readings are counted right. Errors: as of `each`;
SourceError for a /proc/meminfo that cannot be understood.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exporters.clocks import MACHINE, Clock
from exporters.gpu_counter import DriverCounter
from exporters.gpu_each import each
from exporters.gpu_fields import field_values
from exporters.gpu_kind import Kinds
from exporters.gpu_link_counters import LinkCounter, link_counters, nvlinks
from exporters.gpu_seldom import Seldom
from exporters.nvml import Nvml
from exporters.nvml_gpu import Gpu
from ragpulse.catalogue.gpu_errors import (
    NVLINK_ERRORS_TOTAL,
    NVLINK_RECEIVED,
    NVLINK_TRANSMITTED,
    NVLINKS_ACTIVE,
    PCIE_GENERATION,
    PCIE_RECEIVED,
    PCIE_REPLAYS,
    PCIE_TRANSMITTED,
    PCIE_WIDTH,
)
from ragpulse.metric import Metric, Sample

_UP = 1  # nvmlEnableState_t
_ROUND_AT = {PCIE_TRANSMITTED: 1 << 32, PCIE_RECEIVED: 1 << 32}
_Totals = dict[tuple[Metric, str | None], DriverCounter]  # by metric and kind


@dataclass(frozen=True, slots=True)
class _Facts:
    has_pcie: bool
    generation: int | None
    lanes: int | None
    nvlinks: int
    counters: list[LinkCounter]


class GpuLinks:
    name: str = "gpu_links"
    interval: float = 1.0  # as PCIe needs it, see above
    timeout: float = 0.95
    max_age: float | None = None
    emits: tuple[Metric, ...] = (
        PCIE_TRANSMITTED, PCIE_RECEIVED, PCIE_REPLAYS, PCIE_GENERATION, PCIE_WIDTH,
        NVLINK_TRANSMITTED, NVLINK_RECEIVED, NVLINK_ERRORS_TOTAL, NVLINKS_ACTIVE,
    )  # fmt: skip

    def __init__(self, nvml: Nvml, root: Path = Path("/"), clock: Clock = MACHINE.awake) -> None:
        self._nvml = nvml
        self._kinds = Kinds(root)
        self._facts = Seldom(self._ask_facts, clock)
        self._totals: dict[str, _Totals] = {}
        self._lock = threading.Lock()

    def read(self) -> Iterator[Sample]:
        yield from each(self._nvml.gpus(), self._links)

    def counters(self) -> Iterator[Sample]:
        with self._lock:
            samples = [
                metric(counter.total, gpu=label, **({} if kind is None else {"kind": kind}))
                for label, totals in self._totals.items()
                for (metric, kind), counter in totals.items()
                if counter.total is not None
            ]
        return iter(samples)

    def cut(self) -> None:
        """The driver counts on while a call hangs."""

    def _links(self, gpu: Gpu) -> Iterator[Sample]:
        facts = self._facts.of(gpu)
        said = field_values(gpu, [field for counter in facts.counters for field in counter.fields])
        with self._lock:
            totals = self._totals.setdefault(gpu.label, {})
            for counter in facts.counters:
                value = counter.value(said)
                if value is not None:
                    key = counter.metric, counter.kind
                    totals.setdefault(key, DriverCounter(_ROUND_AT.get(counter.metric))).told(value)
        return _readings(gpu, facts)

    def _ask_facts(self, gpu: Gpu) -> _Facts:
        has_pcie, links = not self._kinds.is_unified(gpu), nvlinks(gpu)
        return _Facts(
            has_pcie,
            gpu.ask("GetMaxPcieLinkGeneration") if has_pcie else None,
            gpu.ask("GetMaxPcieLinkWidth") if has_pcie else None,
            links,
            link_counters(gpu, pcie=has_pcie, links=links),
        )


def _readings(gpu: Gpu, facts: _Facts) -> Iterator[Sample]:
    generation = gpu.ask("GetCurrPcieLinkGeneration") if facts.has_pcie else None
    lanes = gpu.ask("GetCurrPcieLinkWidth") if facts.has_pcie else None
    for metric, of, value in (
        (PCIE_GENERATION, "current", generation),
        (PCIE_GENERATION, "max", facts.generation),
        (PCIE_WIDTH, "current", lanes),
        (PCIE_WIDTH, "max", facts.lanes),
    ):
        if value is not None:
            yield metric(value, gpu=gpu.label, of=of)
    if facts.nvlinks:
        states = [gpu.ask("GetNvLinkState", link) for link in range(facts.nvlinks)]
        yield NVLINKS_ACTIVE(states.count(_UP), gpu=gpu.label)
