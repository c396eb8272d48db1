"""Which of the driver's counters say what travels over the links of a GPU, and what goes wrong there.

Source: fields of nvmlDeviceGetFieldValues, chosen by trying them: cards and drivers differ in whether they add the
NVLinks up or count each for itself. Bytes. Errors: NvmlError.
"""

from dataclasses import dataclass

from exporters.gpu_fields import ALL_LINKS, Field, field_values
from exporters.nvml_gpu import Gpu
from ragpulse.catalogue.gpu_errors import (
    NVLINK_ERRORS_TOTAL,
    NVLINK_RECEIVED,
    NVLINK_TRANSMITTED,
    PCIE_RECEIVED,
    PCIE_REPLAYS,
    PCIE_TRANSMITTED,
)
from ragpulse.metric import Metric

_KIB = 1024
_LINKS = Field(91)
_PCIE = {PCIE_TRANSMITTED: 197, PCIE_RECEIVED: 198, PCIE_REPLAYS: 94}
# (of all links together, in KiB; of each link, in bytes)
_NVLINK_BYTES = {NVLINK_TRANSMITTED: (138, 202), NVLINK_RECEIVED: (139, 204)}
# (of all links together; of each link, where it has one)
_NVLINK_ERRORS = {
    "crc_flit": (38, 163), "crc_data": (45, None), "replay": (52, 161), "recovery": (59, 162), "ecc": (160, None),
}  # fmt: skip


@dataclass(frozen=True)
class LinkCounter:
    """The sum of `fields`, times `factor`."""

    metric: Metric
    fields: tuple[Field, ...]
    factor: int = 1
    kind: str | None = None

    def value(self, said: dict[Field, float]) -> float | None:
        """None unless every field is there: a sum that lacks one would fall."""
        if any(field not in said for field in self.fields):
            return None
        return self.factor * sum(said[field] for field in self.fields)


def nvlinks(gpu: Gpu) -> int:
    """How many the card has, whether up or not."""
    said = field_values(gpu, (_LINKS,))
    return int(said.get(_LINKS, 0))


def link_counters(gpu: Gpu, *, pcie: bool, links: int) -> list[LinkCounter]:
    """Those that the card answers now."""
    wanted: list[tuple[LinkCounter, ...]] = []
    if pcie:
        wanted += [(LinkCounter(metric, (Field(number),)),) for metric, number in _PCIE.items()]
    if links:
        wanted += [_of_bytes(metric, *numbers, links) for metric, numbers in _NVLINK_BYTES.items()]
        wanted += [_of_errors(kind, *numbers, links) for kind, numbers in _NVLINK_ERRORS.items()]
    said = field_values(gpu, [field for ways in wanted for way in ways for field in way.fields])
    answered = ((_those_said(way, said) for way in ways) for ways in wanted)
    return [way for way in (next((way for way in ways if way.fields), None) for ways in answered) if way is not None]


def _of_bytes(metric: Metric, together: int, each: int, links: int) -> tuple[LinkCounter, ...]:
    return LinkCounter(metric, (Field(together, ALL_LINKS),), _KIB), LinkCounter(metric, _each(each, links))


def _of_errors(kind: str, together: int, each: int | None, links: int) -> tuple[LinkCounter, ...]:
    ways = [LinkCounter(NVLINK_ERRORS_TOTAL, (Field(together),), kind=kind)]
    if each is not None:
        ways.append(LinkCounter(NVLINK_ERRORS_TOTAL, _each(each, links), kind=kind))
    return tuple(ways)


def _each(number: int, links: int) -> tuple[Field, ...]:
    return tuple(Field(number, link) for link in range(links))


def _those_said(way: LinkCounter, said: dict[Field, float]) -> LinkCounter:
    """A link that is down may count nothing."""
    return LinkCounter(way.metric, tuple(field for field in way.fields if field in said), way.factor, way.kind)
