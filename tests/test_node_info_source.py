"""What runs on a node."""

from pathlib import Path

import pytest

from exporters.node_info import NodeInfo
from exporters.source import SourceError
from tests.fakes.machine import Machine, shown


def machine_with_kernel(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.write("proc/sys/kernel/osrelease", "6.11.0-1016-nvidia\n")
    return machine


def system(tmp_path: Path) -> str:
    (found,) = (key for key in shown(NodeInfo(tmp_path, machine="aarch64")) if key.startswith("node_info"))
    return found


def test_kernel_machine_and_system_are_named(tmp_path: Path) -> None:
    machine = machine_with_kernel(tmp_path)
    machine.write("etc/os-release", 'NAME="Ubuntu"\nPRETTY_NAME="Ubuntu 24.04.3 LTS"\n')
    assert system(tmp_path) == 'node_info{kernel="6.11.0-1016-nvidia",machine="aarch64",system="Ubuntu 24.04.3 LTS"}'


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("usr/lib/os-release", "PRETTY_NAME=Arch\n", "Arch", id="a name without quotes, in /usr/lib"),
        pytest.param("etc/os-release", "PRETTY_NAME='a \"b\"'\n", r"a \"b\"", id="quotes within quotes"),
        pytest.param("etc/os-release", "ID=x\n", "Linux", id="no name"),
        pytest.param("etc/other", "", "Linux", id="no file"),
    ],
)
def test_the_system_is_named_as_os_release_has_it(tmp_path: Path, name: str, text: str, expected: str) -> None:
    machine_with_kernel(tmp_path).write(name, text)
    assert f'system="{expected}"' in system(tmp_path)


def test_processes_are_the_numbered_folders(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    for name in ("1", "77", "self", "sys"):
        machine.folder(f"proc/{name}")
    assert shown(NodeInfo(tmp_path)) == {"node_processes": 2}


def test_a_name_that_cannot_be_understood_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    machine_with_kernel(tmp_path).write("etc/os-release", 'PRETTY_NAME="no end\n')
    with pytest.raises(SourceError, match="etc/os-release: has an unknown form"):
        shown(NodeInfo(tmp_path))
