"""How hot, how fast and how strong is each GPU now, and what are its engines doing?

Source: NVML. What hardly ever changes (limits, highest clocks, number of fans) is asked seldom. Celsius, hertz, watts,
ratios. Errors: as of `each`; SourceError for a /proc/meminfo that cannot be understood. What a card cannot say has no
sample. A GPU that shares the node's memory has no memory chips, and what NVML says of their temperature, clock and load
is a placeholder (GB10: a constant 0): that is left out by what the GPU is, whatever the value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exporters.gpu_each import each
from exporters.gpu_fields import Field, field_values
from exporters.gpu_kind import Kinds
from exporters.gpu_limits import Limits, limits
from exporters.gpu_seldom import Seldom
from exporters.nvml import Nvml
from exporters.nvml_gpu import CHIP, Gpu
from exporters.source import READING_INTERVAL
from ragpulse.catalogue.gpu import (
    CLOCK,
    CLOCK_MAX,
    CLOCKS,
    ENGINE_BUSY,
    FAN,
    MEMORY_TEMPERATURE,
    PERFORMANCE_STATE,
    POWER_LIMIT,
    TEMPERATURE,
    TEMPERATURE_LIMIT,
    TEMPERATURE_LIMIT_MARGIN,
    TEMPERATURE_MARGIN,
)
from ragpulse.metric import Metric, Sample

_MEGA = 1e6
_MILLI = 1000.0
_PERCENT = 100.0
_UNKNOWN_STATE = 32  # nvmlPstates_t
_MEMORY_TEMPERATURE = Field(82)
_ENGINES = {"encoder": "Encoder", "decoder": "Decoder", "jpeg": "Jpg", "ofa": "Ofa"}


@dataclass(frozen=True, slots=True)
class _Facts:
    has_own_memory: bool
    limits: Limits
    highest_clocks: dict[str, int | None]  # MHz; None where there is such a clock, and no highest
    fans: int


class GpuDevice:
    name: str = "gpu_device"
    interval: float = READING_INTERVAL
    timeout: float = 4.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (
        TEMPERATURE, MEMORY_TEMPERATURE, TEMPERATURE_LIMIT, TEMPERATURE_LIMIT_MARGIN, TEMPERATURE_MARGIN, FAN,
        CLOCK, CLOCK_MAX, PERFORMANCE_STATE, POWER_LIMIT, ENGINE_BUSY,
    )  # fmt: skip

    def __init__(self, nvml: Nvml, root: Path = Path("/")) -> None:
        self._nvml = nvml
        self._kinds = Kinds(root)
        self._facts = Seldom(self._ask_facts)

    def read(self) -> Iterator[Sample]:
        yield from each(self._nvml.gpus(), self._device)

    def _device(self, gpu: Gpu) -> Iterator[Sample]:
        facts = self._facts.of(gpu)
        yield from _temperatures(gpu, facts)
        yield from _clocks(gpu, facts)
        yield from _power(gpu, facts)
        yield from _fans(gpu, facts)
        yield from _engines(gpu, facts)

    def _ask_facts(self, gpu: Gpu) -> _Facts:
        has_own_memory = not self._kinds.is_unified(gpu)
        clocks = [clock for clock in CLOCKS if has_own_memory or clock != "memory"]
        return _Facts(
            has_own_memory,
            limits(gpu),
            {clock: gpu.ask("GetMaxClockInfo", CLOCKS.index(clock)) for clock in clocks},
            gpu.ask("GetNumFans") or 0,
        )


def _temperatures(gpu: Gpu, facts: _Facts) -> Iterator[Sample]:
    celsius = gpu.ask("GetTemperature", CHIP)
    margin = gpu.ask("GetMarginTemperature")
    if celsius is not None:
        yield TEMPERATURE(celsius, gpu=gpu.label)
        margin = facts.limits.margin(celsius) if margin is None else margin
    if margin is not None:
        yield TEMPERATURE_MARGIN(margin, gpu=gpu.label)
    for limit, at in facts.limits.celsius.items():
        yield TEMPERATURE_LIMIT(at, gpu=gpu.label, limit=limit)
    for limit, left in facts.limits.margins.items():
        yield TEMPERATURE_LIMIT_MARGIN(left, gpu=gpu.label, limit=limit)
    memory = field_values(gpu, (_MEMORY_TEMPERATURE,)) if facts.has_own_memory else {}
    for value in memory.values():
        yield MEMORY_TEMPERATURE(value, gpu=gpu.label)


def _clocks(gpu: Gpu, facts: _Facts) -> Iterator[Sample]:
    for clock, highest in facts.highest_clocks.items():
        now = gpu.ask("GetClockInfo", CLOCKS.index(clock))
        if now is not None:
            yield CLOCK(now * _MEGA, gpu=gpu.label, clock=clock)
        if highest:
            yield CLOCK_MAX(highest * _MEGA, gpu=gpu.label, clock=clock)
    state = gpu.ask("GetPerformanceState")
    if state is not None and state != _UNKNOWN_STATE:
        yield PERFORMANCE_STATE(state, gpu=gpu.label)


def _power(gpu: Gpu, facts: _Facts) -> Iterator[Sample]:
    """What is enforced can be less than what was set: a board shares its power with others."""
    now = gpu.ask("GetEnforcedPowerLimit") or gpu.ask("GetPowerManagementLimit")
    if now:
        yield POWER_LIMIT(now / _MILLI, gpu=gpu.label, limit="current")
    for limit, watts in facts.limits.watts.items():
        yield POWER_LIMIT(watts, gpu=gpu.label, limit=limit)


def _fans(gpu: Gpu, facts: _Facts) -> Iterator[Sample]:
    for fan in range(facts.fans):
        percent = gpu.ask("GetFanSpeed_v2", fan)
        if percent is not None:
            yield FAN(percent / _PERCENT, gpu=gpu.label, fan=str(fan))


def _engines(gpu: Gpu, facts: _Facts) -> Iterator[Sample]:
    rates = gpu.ask("GetUtilizationRates") if facts.has_own_memory else None
    busy = {"memory": None if rates is None else rates.memory}
    for engine, name in _ENGINES.items():
        percent, _ = gpu.ask(f"Get{name}Utilization") or (None, None)
        busy[engine] = percent
    for engine, percent in busy.items():
        if percent is not None and percent <= _PERCENT:
            yield ENGINE_BUSY(percent / _PERCENT, gpu=gpu.label, engine=engine)
