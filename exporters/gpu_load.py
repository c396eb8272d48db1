"""How busy was each GPU over every second that has passed, how long inside the band of its target, at what energy?

Source: NVML's buffer of utilisation samples, read every `every` seconds and integrated; where a card has no buffer, the
rate of the moment each second. Joules from the driver's energy counter, else from power in the same two ways. Seconds,
joules, watts. Errors: as of `each`, for a GPU that was there and cannot be read; its time is a gap.
"""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporters.clocks import MACHINE, Clock
from exporters.gpu_counter import DriverCounter
from exporters.gpu_each import raise_for
from exporters.gpu_integrator import Integrator, Piece
from exporters.gpu_samples import GPU_UTILIZATION, TOTAL_POWER, new_samples
from exporters.nvml import Nvml
from exporters.nvml_error import NvmlError
from exporters.nvml_gpu import Gpu
from ragpulse.catalogue.gpu import (
    BAND,
    BANDS,
    BUSY,
    ENERGY,
    ENERGY_WAY,
    ENERGY_WAYS,
    GAP,
    OBSERVED,
    POWER,
    UTILIZATION_WAY,
    UTILIZATION_WAYS,
)
from ragpulse.metric import Metric, Sample, one_of

EVERY = 2.0  # seconds between two reads of a buffer
# Polls; one that comes later finds that a short buffer has lost some: the shortest that was seen holds 2.4 s.
_LATE = 2.5
_DEEP = 2.0  # polls; a buffer that was not yet seen to hold as much is read at each run
_HIGHEST = 100.0  # percent; drivers were seen to report more, which means nothing
_MILLI = 1000.0

Band = tuple[float, float]  # low and high, as ratios


@dataclass
class _Load:
    """What one GPU has done since the agent started."""

    busy: Integrator
    power: Integrator
    seconds: float = 0.0
    bands: dict[str, float] = field(default_factory=lambda: dict.fromkeys(BANDS, 0.0))
    way: str | None = None
    measured: bool = False
    polled: float | None = None
    energy: DriverCounter = field(default_factory=DriverCounter)
    energy_way: str | None = None
    watts: float | None = None


class GpuLoad:
    name: str = "gpu_load"
    interval: float = 1.0  # the pace of cards without a buffer
    timeout: float = 0.95
    max_age: float | None
    emits: tuple[Metric, ...] = (BUSY, OBSERVED, BAND, GAP, UTILIZATION_WAY, ENERGY, ENERGY_WAY, POWER)

    def __init__(self, nvml: Nvml, band: Band | None, *, every: float = EVERY, clock: Clock = MACHINE.awake) -> None:
        self._nvml = nvml
        self._band = band
        self._every = every
        self.max_age = 3 * every
        self._clock = clock
        self._loads: dict[str, _Load] = {}
        self._lock = threading.Lock()

    def read(self) -> Iterator[Sample]:
        errors: list[NvmlError] = []
        readable = {gpu.label: gpu for gpu in self._nvml.gpus()}
        for label in self._nvml.labels():
            load = self._load(label)
            try:
                if (gpu := readable.get(label)) is None:
                    self._failed(load)
                else:
                    self._poll(gpu, load)
                    yield from _now(label, load)
            except NvmlError as error:
                self._failed(load)
                errors.append(error)
        raise_for(errors, len(readable))

    def counters(self) -> Iterator[Sample]:
        with self._lock:
            samples = [sample for label, load in self._loads.items() for sample in self._totals(label, load)]
        return iter(samples)

    def cut(self) -> None:
        """A call hangs in the driver: what the buffer will have lost by the time it returns is a gap."""
        with self._lock:
            now = self._clock()
            for load in self._loads.values():
                load.busy.failed_if_late(now)
                load.power.failed_if_late(now)

    def _load(self, label: str) -> _Load:
        with self._lock:
            if label not in self._loads:
                now, late = self._clock(), _LATE * self._every
                self._loads[label] = _Load(Integrator(now, late), Integrator(now, late, idle=None))
            return self._loads[label]

    def _failed(self, load: _Load) -> None:
        with self._lock:
            now = self._clock()
            load.busy.failed(now)
            load.power.failed(now)
            load.polled = None

    def _poll(self, gpu: Gpu, load: _Load) -> None:
        if not self._is_due(load):
            return
        found = new_samples(gpu, GPU_UTILIZATION, load.busy.last_seen, highest=_HIGHEST)
        rates = gpu.ask("GetUtilizationRates")
        rate = None if rates is None or rates.gpu > _HIGHEST else float(rates.gpu)
        energy = gpu.ask("GetTotalEnergyConsumption")
        power = None if energy is not None else new_samples(gpu, TOTAL_POWER, load.power.last_seen)
        draw = None if energy is not None else gpu.ask("GetPowerUsage")
        with self._lock:
            now = self._clock()
            load.way = "buffer" if found is not None else "point" if rate is not None else None
            if load.way is None:
                # Cut into MIG instances, a GPU has no utilisation of its own: unknown, and no fault.
                load.busy.skip(now)
            else:
                self._count(load, _integrated(load.busy, now, found, rate))
                load.measured = True
            _drew(load, now, energy, power, draw)
            load.polled = now

    def _is_due(self, load: _Load) -> bool:
        if load.polled is None or load.way != "buffer" or load.busy.depth < _DEEP * self._every:
            return True
        return self._clock() - load.polled >= self._every - self.interval / 2

    def _count(self, load: _Load, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            load.seconds += piece.value / _HIGHEST * piece.seconds
            load.bands[_band(piece.value, self._band)] += piece.seconds

    def _totals(self, label: str, load: _Load) -> Iterator[Sample]:
        if load.measured:
            yield BUSY(load.seconds, gpu=label)
            yield OBSERVED(sum(load.bands.values()), gpu=label)
            yield GAP(load.busy.gap, gpu=label)
        if load.measured and self._band is not None:
            for band, seconds in load.bands.items():
                yield BAND(seconds, gpu=label, band=band)
        if load.energy.total is not None:
            yield ENERGY(load.energy.total, gpu=label)


def _integrated(
    integrator: Integrator, now: float, found: list[tuple[int, float]] | None, rate: float | None
) -> list[Piece]:
    return integrator.point(now, rate) if found is None else integrator.samples(now, found, rate)


def _drew(load: _Load, now: float, energy: int | None, power: list[tuple[int, float]] | None, draw: int | None) -> None:
    if energy is not None:
        joules = load.energy.told(energy / _MILLI)
        passed = None if load.polled is None else now - load.polled
        load.watts = joules / passed if joules is not None and passed else None
        load.energy_way = "counter"
        load.power.skip(now)
        return
    load.energy.forget()
    if power is None and draw is None:
        load.watts = load.energy_way = None
        load.power.skip(now)
        return
    pieces = _integrated(load.power, now, power, None if draw is None else float(draw))
    if pieces:
        joules = sum(piece.value * piece.seconds for piece in pieces) / _MILLI
        load.energy.add(joules)
        load.watts = joules / sum(piece.seconds for piece in pieces)
    load.energy_way = "point" if power is None else "buffer"


def _now(label: str, load: _Load) -> Iterator[Sample]:
    if load.way is not None:
        yield from one_of(UTILIZATION_WAY, "way", UTILIZATION_WAYS, load.way, gpu=label)
    if load.energy_way is not None:
        yield from one_of(ENERGY_WAY, "way", ENERGY_WAYS, load.energy_way, gpu=label)
    if load.watts is not None:
        yield POWER(load.watts, gpu=label)


def _band(percent: float, band: Band | None) -> str:
    """Both ends lie inside; a percentage is compared as such, for 0.9 is no number that a float can hold."""
    low, high = (round(_HIGHEST * end, 6) for end in band or (0.0, 1.0))
    return "below" if percent < low else "above" if percent > high else "inside"
