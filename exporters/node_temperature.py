"""How hot is the machine, and what is too hot? Source: hwmon (else thermal zones) through psutil; degrees Celsius.

Two chips or sensors of one name are told apart by a number. A machine without sensors gives no sample.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import psutil

from exporters.source import READING_INTERVAL
from ragpulse.catalogue.node import TEMPERATURE, TEMPERATURE_CRITICAL
from ragpulse.metric import Metric, Sample

# What no living machine reaches is a driver's way to say nothing: -128, -273, 65261.85 (65535 kelvin).
_LOWEST, _HIGHEST = -60.0, 250.0


class Reading(Protocol):
    """One sensor as psutil has it."""

    @property
    def label(self) -> str: ...
    @property
    def current(self) -> float: ...
    @property
    def critical(self) -> float | None: ...


class NodeTemperature:
    name: str = "node_temperature"
    interval: float = READING_INTERVAL
    timeout: float = 3.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (TEMPERATURE, TEMPERATURE_CRITICAL)

    def __init__(self, sensors: Callable[[], Mapping[str, Sequence[Reading]]] = psutil.sensors_temperatures) -> None:
        self._sensors = sensors

    def read(self) -> Iterator[Sample]:
        for chip, readings in self._sensors().items():
            labels = (reading.label or f"temp{index}" for index, reading in enumerate(readings, start=1))
            for sensor, reading in zip(_told_apart(labels), readings, strict=True):
                if _LOWEST < reading.current < _HIGHEST:
                    yield TEMPERATURE(reading.current, chip=chip, sensor=sensor)
                if reading.critical is not None and 0 < reading.critical < _HIGHEST:
                    yield TEMPERATURE_CRITICAL(reading.critical, chip=chip, sensor=sensor)


def _told_apart(labels: Iterable[str]) -> Iterator[str]:
    used: set[str] = set()
    for label in labels:
        numbered = (f"{label} {number}" for number in itertools.count(2))
        sensor = next(name for name in itertools.chain([label], numbered) if name not in used)
        used.add(sensor)
        yield sensor
