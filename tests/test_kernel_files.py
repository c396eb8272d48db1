"""What is absent is unknown; what is there and cannot be read or understood is an error that names the file."""

import errno
import os
import re
from pathlib import Path

import pytest

from exporters.kernel_files import KernelFiles, KernelReading
from exporters.source import SourceError
from tests.fakes.machine import Machine


def test_a_file_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    files = KernelFiles(tmp_path)
    assert files.text("proc/pressure/cpu") is None
    assert files.number("sys/class/net/eth0/speed") is None
    assert files.names("sys/class/hwmon") == []


def test_a_file_below_a_file_is_unknown(tmp_path: Path) -> None:
    Machine(tmp_path).write("proc/pressure", "")
    assert KernelFiles(tmp_path).text("proc/pressure/cpu") is None


def test_a_file_that_cannot_be_read_is_an_error_with_its_name(tmp_path: Path) -> None:
    Machine(tmp_path).unreadable("proc/stat")
    with pytest.raises(SourceError, match=re.escape(f"{tmp_path}/proc/stat: Is a directory")):
        KernelFiles(tmp_path).text("proc/stat")


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(errno.EOPNOTSUPP, id="a feature that was switched off at boot"),
        pytest.param(errno.ENODEV, id="a device that went while we looked"),
    ],
)
def test_what_the_kernel_says_it_does_not_have_is_unknown(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert KernelFiles(Path("/")).text("proc/pressure/cpu") is None


def test_a_folder_that_cannot_be_listed_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "sys").symlink_to("sys")
    with pytest.raises(SourceError, match=re.escape(f"{tmp_path}/sys: ")):
        KernelFiles(tmp_path).names("sys")


def test_a_number_that_is_none_is_an_error_with_its_name(tmp_path: Path) -> None:
    Machine(tmp_path).write("sys/mtu", "many\n")
    with pytest.raises(SourceError, match=re.escape(f"{tmp_path}/sys/mtu: has an unknown form")):
        KernelFiles(tmp_path).number("sys/mtu")


def test_bytes_that_are_not_utf_8_cost_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mounts").write_bytes(b"/caf\xe9 rw\n")
    text = KernelFiles(tmp_path).text("mounts")
    assert text is not None
    assert text.endswith(" rw\n")


def test_a_link_speed_that_the_real_kernel_refuses_to_tell_is_unknown() -> None:
    files = KernelFiles(Path("/"))
    assert files.number("sys/class/net/lo/speed", absent=(errno.EINVAL,)) is None
    with pytest.raises(SourceError, match="/sys/class/net/lo/speed: Invalid argument"):
        files.number("sys/class/net/lo/speed")


def test_a_source_that_gives_no_readings_cannot_be_made(tmp_path: Path) -> None:
    silent = type("Silent", (KernelReading,), {})
    with pytest.raises(TypeError, match="readings"):
        silent(tmp_path)
