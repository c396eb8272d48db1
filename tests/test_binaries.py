"""Where Prometheus and Alertmanager come from: at hand if usable, else the distribution's archive, for real."""

import subprocess
from pathlib import Path

import pytest

from ragpulse.stack import binaries
from ragpulse.stack.binaries import Binaries, UnusableError, at_hand, in_folders
from ragpulse.stack.relocate import relocate
from ragpulse.stack.trial import require_starting
from tests.fakes.binaries import binary, each_generation
from tests.fakes.small_programs import folder_of, program


def test_a_folder_of_ragpulse_bin_goes_before_path(tmp_path: Path) -> None:
    first, second = folder_of(tmp_path / "first"), folder_of(tmp_path / "second")
    said: list[str] = []
    found = at_hand({"RAGPULSE_BIN": str(second), "PATH": str(first)}, said.append)
    assert found is not None
    assert found.folders() == (second,)
    assert said == []


@pytest.mark.parametrize("name", ["alertmanager", "prometheus-alertmanager"])
def test_alertmanager_is_known_under_both_names(tmp_path: Path, name: str) -> None:
    found = in_folders([folder_of(tmp_path, name=name)], print)
    assert found is not None
    assert found.alertmanager == tmp_path / name


def test_an_old_prometheus_is_refused_in_one_line_and_the_next_folder_is_looked_at(tmp_path: Path) -> None:
    old, new = folder_of(tmp_path / "old", prometheus="2.41.0"), folder_of(tmp_path / "new", prometheus="2.42.0")
    said: list[str] = []
    found = in_folders([old, new], said.append)
    assert found is not None
    assert found.prometheus == new / "prometheus"
    assert found.alertmanager == old / "alertmanager", "only what is too old is passed over"
    assert said == [f"not used: {old}/prometheus is 2.41, older than 2.42"]


def test_a_server_without_its_tool_is_passed_over(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "promtool").unlink()
    said: list[str] = []
    assert in_folders([folder], said.append) is None
    assert len(said) == 1
    assert "promtool does not run here" in said[0]


def test_what_does_not_run_says_its_own_last_words(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "prometheus").write_text("#!/bin/sh\necho 'libc is too old' >&2\nexit 1\n")
    said: list[str] = []
    assert in_folders([folder], said.append) is None
    assert said == [f"not used: {folder}/prometheus does not run here: libc is too old"]


def test_a_program_without_a_version_is_refused(tmp_path: Path) -> None:
    program(tmp_path / "prometheus", "unknown")
    with pytest.raises(UnusableError, match="says no version"):
        binaries.version(tmp_path / "prometheus")


@each_generation
def test_real_programs_of_each_generation_are_usable(generation: int) -> None:
    real = Binaries(*(binary(name, generation) for name in ("prometheus", "promtool", "alertmanager", "amtool")))
    binaries.require_usable(real)


@each_generation
def test_a_real_alertmanager_of_each_generation_starts(tmp_path: Path, generation: int) -> None:
    require_starting(binary("alertmanager", generation), tmp_path)


def test_an_alertmanager_that_does_not_start_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "prometheus-alertmanager"
    broken.write_text("#!/bin/sh\necho 'open default.tmpl: no such file'\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(UnusableError, match=r"does not start: open default\.tmpl: no such file"):
        require_starting(broken, tmp_path)


def test_a_program_finds_its_files_wherever_it_is_unpacked_to(tmp_path: Path) -> None:
    unpacked, folder = tmp_path / "unpacked", tmp_path / "a place"
    unpacked.mkdir()
    (folder / "share").mkdir(parents=True)
    (folder / "share" / "greeting").write_text("hello\n")
    tool = unpacked / "tool"
    tool.write_text('#!/bin/sh\ncat /usr/share/prometheus/greeting\necho "$1 $PWD"\n')
    tool.chmod(0o755)
    relocate(tool, folder)
    moved = folder.rename(tmp_path / "another place")
    link = tmp_path / "link"
    link.symlink_to(moved / "tool")
    result = subprocess.run([link, "a b"], cwd="/", capture_output=True, text=True, check=True, timeout=10)
    assert result.stdout == "hello\na b /\n"


def test_a_program_that_needs_no_files_is_only_moved(tmp_path: Path) -> None:
    program(tmp_path / "amtool", "1.0")
    (tmp_path / "folder").mkdir()
    relocate(tmp_path / "amtool", tmp_path / "folder")
    assert "version 1.0" in (tmp_path / "folder" / "amtool").read_text()
    assert not (tmp_path / "folder" / "lib").exists()
