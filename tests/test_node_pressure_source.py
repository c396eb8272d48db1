"""Pressure stall information, as kernels of several ages write it."""

from pathlib import Path

import pytest

from exporters.node_pressure import NodePressure
from exporters.source import SourceError
from tests.fakes.machine import CAPTURED_6_18, Machine, shown

_AVERAGES = "avg10=0.00 avg60=0.00 avg300=0.00"


def test_a_recorded_linux_6_18_is_read_exactly() -> None:
    assert shown(NodePressure(CAPTURED_6_18)) == {
        'node_pressure_waiting_seconds_total{resource="cpu"}': 14.235995,
        'node_pressure_stalled_seconds_total{resource="cpu"}': 0,
        'node_pressure_waiting_seconds_total{resource="memory"}': 0,
        'node_pressure_stalled_seconds_total{resource="memory"}': 0,
        'node_pressure_waiting_seconds_total{resource="io"}': 8.945241,
        'node_pressure_stalled_seconds_total{resource="io"}': 8.436856,
    }


def test_a_kernel_that_knows_no_stall_of_the_processor_gives_none(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/pressure/cpu", f"some {_AVERAGES} total=1500000\n")
    assert shown(NodePressure(tmp_path)) == {'node_pressure_waiting_seconds_total{resource="cpu"}': 1.5}


def test_a_kernel_that_counts_stalls_of_the_processor_is_believed(tmp_path: Path) -> None:
    # The first kernels with this line write what they counted, later ones 0.
    Machine(tmp_path).write("proc/pressure/cpu", f"some {_AVERAGES} total=9000000\nfull {_AVERAGES} total=2000000\n")
    assert shown(NodePressure(tmp_path))['node_pressure_stalled_seconds_total{resource="cpu"}'] == 2


def test_one_resource_that_the_kernel_lacks_costs_no_other(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/pressure/io", f"some {_AVERAGES} total=1\nfull {_AVERAGES} total=0\n")
    assert set(shown(NodePressure(tmp_path)).values()) == {0.000001, 0}


def test_lines_and_fields_of_later_kernels_are_passed_over(tmp_path: Path) -> None:
    text = f"some avg1=0.1 {_AVERAGES} total={2**64 - 1}\nother {_AVERAGES} total=9\n"
    Machine(tmp_path).write("proc/pressure/memory", text)
    found = shown(NodePressure(tmp_path))
    assert list(found.values()) == [pytest.approx(2**64 / 1e6)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"some {_AVERAGES}\n", id="no total"),
        pytest.param("some total\n", id="a total without a value"),
        pytest.param("some total=x\n", id="a total that is a word"),
        pytest.param("\n", id="an empty line"),
    ],
)
def test_what_cannot_be_understood_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    Machine(tmp_path).write("proc/pressure/io", text)
    with pytest.raises(SourceError, match="proc/pressure/io: has an unknown form"):
        shown(NodePressure(tmp_path))
