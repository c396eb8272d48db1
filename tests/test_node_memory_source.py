"""Memory, swap, and what the want of memory cost."""

from pathlib import Path

import pytest

from exporters.node_memory import NodeMemory
from exporters.source import SourceError
from tests.fakes.machine import CAPTURED_6_18, Machine, shown


def test_a_recorded_linux_6_18_without_swap_is_read_exactly() -> None:
    assert shown(NodeMemory(CAPTURED_6_18, page_bytes=4096)) == {
        "node_memory_total_bytes": 24684084 * 1024,
        "node_memory_available_bytes": 24337060 * 1024,
        "node_swapped_in_bytes_total": 0,
        "node_swapped_out_bytes_total": 0,
        "node_oom_kills_total": 0,
        "node_major_page_faults_total": 2555,
    }


def test_swap_has_sizes_where_there_is_some(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/meminfo", "MemTotal: 100 kB\nSwapTotal:  2048 kB\nSwapFree:  0 kB\n")
    found = shown(NodeMemory(tmp_path))
    assert found["node_swap_total_bytes"] == 2 * 1024**2
    assert found["node_swap_free_bytes"] == 0


def test_swapped_pages_are_told_in_bytes_of_this_machines_pages(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/vmstat", "pswpin 3\npswpout 5\n")
    assert shown(NodeMemory(tmp_path, page_bytes=65536)) == {
        "node_swapped_in_bytes_total": 3 * 65536,
        "node_swapped_out_bytes_total": 5 * 65536,
    }


def test_what_an_old_kernel_does_not_count_is_unknown_and_not_0(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write("proc/meminfo", "MemTotal: 100 kB\nMemFree: 50 kB\nSwapTotal: 0 kB\nHugePages_Total: 0\n")
    machine.write("proc/vmstat", "pgmajfault 7\n")
    assert shown(NodeMemory(tmp_path)) == {"node_memory_total_bytes": 102400, "node_major_page_faults_total": 7}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("proc/meminfo", "MemTotal: much kB\n", id="a size that is a word"),
        pytest.param("proc/meminfo", "MemTotal:\n", id="a key without a value"),
        pytest.param("proc/vmstat", "oom_kill -\n", id="a count that is a dash"),
    ],
)
def test_what_cannot_be_understood_is_an_error_that_names_the_file(tmp_path: Path, name: str, text: str) -> None:
    Machine(tmp_path).write(name, text)
    with pytest.raises(SourceError, match=f"{name}: has an unknown form"):
        shown(NodeMemory(tmp_path))
