"""Temperatures and their limits, as drivers report them."""

from typing import NamedTuple

import pytest

from exporters.node_temperature import NodeTemperature
from tests.fakes.machine import shown


class Sensor(NamedTuple):
    label: str
    current: float
    critical: float | None = None


def test_temperature_and_limit_are_told_by_chip_and_sensor() -> None:
    source = NodeTemperature(lambda: {"nvme": [Sensor("Composite", 41.5, 84.8)], "acpitz": [Sensor("", 33.0)]})
    assert shown(source) == {
        'node_temperature_celsius{chip="nvme",sensor="Composite"}': 41.5,
        'node_temperature_critical_celsius{chip="nvme",sensor="Composite"}': 84.8,
        'node_temperature_celsius{chip="acpitz",sensor="temp1"}': 33.0,
    }


def test_two_chips_of_one_name_do_not_make_one_series() -> None:
    sensors = [Sensor("Composite", 41), Sensor("", 50), Sensor("Composite", 42), Sensor("temp2", 43)]
    found = shown(NodeTemperature(lambda: {"nvme": sensors}))
    assert [key.split('"')[3] for key in found] == ["Composite", "temp2", "Composite 2", "temp2 2"]


@pytest.mark.parametrize("nonsense", [65261.85, -273.15, float("nan")])
def test_what_no_machine_reaches_is_no_temperature(nonsense: float) -> None:
    assert shown(NodeTemperature(lambda: {"nvme": [Sensor("Sensor 1", nonsense, nonsense)]})) == {}


def test_a_machine_without_sensors_gives_no_sample() -> None:
    assert shown(NodeTemperature(dict)) == {}
