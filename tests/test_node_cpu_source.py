"""Processor time by mode, processors, load."""

from pathlib import Path

import pytest

from exporters.node_cpu import NodeCpu
from exporters.source import SourceError
from tests.fakes.machine import CAPTURED_6_18, Machine, shown


def test_a_recorded_linux_6_18_is_read_exactly() -> None:
    assert shown(NodeCpu(CAPTURED_6_18, ticks_per_second=100)) == {
        'node_cpu_seconds_total{mode="user"}': 81.96,
        'node_cpu_seconds_total{mode="nice"}': 0,
        'node_cpu_seconds_total{mode="system"}': 44.46,
        'node_cpu_seconds_total{mode="idle"}': 4190.4,
        'node_cpu_seconds_total{mode="iowait"}': 10.25,
        'node_cpu_seconds_total{mode="irq"}': 0,
        'node_cpu_seconds_total{mode="softirq"}': 1.61,
        'node_cpu_seconds_total{mode="steal"}': 0.27,
        "node_cpus": 2,
        'node_load{window="1m"}': 0.06,
        'node_load{window="5m"}': 0.11,
        'node_load{window="15m"}': 0.07,
    }


def test_guests_are_in_user_and_nice_and_not_counted_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write("proc/stat", "cpu  1000 500 0 100 0 0 0 0 900 400\ncpu0 1000 500 0 100 0 0 0 0 900 400\n")
    assert sum(shown(NodeCpu(tmp_path, 100)).values()) == pytest.approx(16 + 1)  # 16 s, and one processor


def test_a_kernel_with_fewer_modes_has_fewer_series(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/stat", "cpu  100 0 100 100\ncpu0 100 0 100 100\n")
    assert len(shown(NodeCpu(tmp_path, 100))) == 5


def test_counters_beyond_64_bits_are_kept(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/stat", f"cpu  {2**70}\n")
    assert shown(NodeCpu(tmp_path, 1))['node_cpu_seconds_total{mode="user"}'] == 2.0**70


def test_only_processors_that_are_online_count(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/stat", "cpu  1 1 1 1\ncpu0 1 1 1 1\ncpu7 1 1 1 1\nctxt 5\n")
    assert shown(NodeCpu(tmp_path, 100))["node_cpus"] == 2


def test_idle_time_that_the_kernel_takes_back_does_not_look_like_a_restart(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    source = NodeCpu(tmp_path, 100)
    idle = []
    for ticks in (10_000, 9_998, 10_003, 20):
        machine.write("proc/stat", f"cpu  0 0 0 {ticks}\n")
        idle.append(shown(source)['node_cpu_seconds_total{mode="idle"}'])
    assert idle == [100, 100, 100.03, 0.2]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("proc/stat", "ctxt 5\n", id="no line for all processors"),
        pytest.param("proc/stat", "cpu  1 x 3\n", id="a word among the ticks"),
        pytest.param("proc/stat", "", id="an empty file"),
        pytest.param("proc/loadavg", "0.5 0.4\n", id="two loads only"),
        pytest.param("proc/loadavg", "a b c\n", id="loads that are words"),
    ],
)
def test_what_cannot_be_understood_is_an_error_that_names_the_file(tmp_path: Path, name: str, text: str) -> None:
    Machine(tmp_path).write(name, text)
    with pytest.raises(SourceError, match=f"{name}: has an unknown form"):
        shown(NodeCpu(tmp_path, 100))
