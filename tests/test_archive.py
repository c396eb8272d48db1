"""Prometheus and Alertmanager from the distribution's archive, for real, without touching the system's apt."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ragpulse.errors import RagpulseError
from ragpulse.stack import binaries
from ragpulse.stack.apt import AptError, PrivateApt
from ragpulse.stack.apt_sources import Entry
from ragpulse.stack.archive import Archive, cache_folder
from tests.fakes.small_programs import folder_of


def archive(tmp_path: Path, said: list[str]) -> Archive:
    return replace(Archive.of_this_machine(said.append), cache=tmp_path / "a cache" / "bin")


def apt_state() -> dict[Path, int]:
    """What the machine's own apt remembers, and when it last did."""
    folders = (Path("/var/lib/apt/lists"), Path("/var/cache/apt/archives"))
    return {path: path.stat().st_mtime_ns for folder in folders for path in (folder, *folder.glob("*"))}


def test_a_suite_that_does_not_exist_falls_back_to_the_releases_own_with_one_line_why(tmp_path: Path) -> None:
    said: list[str] = []
    before = apt_state()
    here = replace(archive(tmp_path, said), newer_suite="no-such-suite")
    left_behind = here.cache / "unfinished-by-an-interrupted-one"
    left_behind.mkdir(parents=True)

    found = here.newest()

    binaries.require_usable(found)
    assert found.prometheus.parent.name == f"{here.distribution}-{here.codename}-{here.architecture}"
    [why] = [line for line in said if "cannot be had" in line]
    assert "no-such-suite" in why
    assert f"taking {here.codename}'s" in why
    assert {file.name for file in here.cache.iterdir()} == {"lock", found.prometheus.parent.name}
    assert apt_state() == before, "the machine's own apt is not touched"

    said.clear()
    assert here.newest() == found
    assert said == [], "the second time it is there already"


def test_a_cached_program_that_does_not_run_here_is_not_taken(tmp_path: Path) -> None:
    said: list[str] = []
    here = archive(tmp_path, said)
    newer = here.cache / f"{here.distribution}-{here.newer_suite}-{here.architecture}"
    own = here.cache / f"{here.distribution}-{here.codename}-{here.architecture}"
    folder_of(newer, name="prometheus-alertmanager")
    (newer / "prometheus").write_text("#!/bin/sh\nexit 1\n")
    folder_of(own, name="prometheus-alertmanager")
    assert here.newest().prometheus == own / "prometheus"


def test_where_apt_names_no_source_one_line_says_what_to_install(tmp_path: Path) -> None:
    here = replace(archive(tmp_path, []), entries=())
    with pytest.raises(RagpulseError, match=r"apt names no source for .*: install Prometheus 2\.42 or newer") as caught:
        here.newest()
    assert "\n" not in str(caught.value)


def test_without_apt_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RagpulseError, match=r"is no Debian: install Prometheus 2\.42 or newer with promtool"):
        Archive.of_this_machine(print)


def test_an_unsigned_archive_is_not_believed(tmp_path: Path) -> None:
    packages = tmp_path / "archive"
    packages.mkdir()
    (packages / "Packages").write_text("")
    private = tmp_path / "private"
    private.mkdir()
    unsigned = Entry((f"file:{packages}",), ("./",), ())
    with pytest.raises(AptError, match="does not have a Release file"):
        PrivateApt(private, [unsigned], "amd64").update()


def test_the_cache_follows_its_two_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAGPULSE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/ragpulse")
    monkeypatch.setenv("RAGPULSE_CACHE", "/own")
    assert cache_folder() == Path("/own")


def test_the_command_prints_the_folders_newest_first(tmp_path: Path) -> None:
    newest = folder_of(tmp_path / "newest")
    own = tmp_path / "cache" / "bin"
    here = Archive.of_this_machine(print)
    cached = own / f"{here.distribution}-{here.codename}-{here.architecture}"
    folder_of(cached, name="prometheus-alertmanager")
    environment = {**os.environ, "RAGPULSE_BIN": str(newest), "RAGPULSE_CACHE": str(tmp_path / "cache")}

    def printed(*options: str) -> str:
        command = [sys.executable, "-m", "ragpulse.stack.provide", *options]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30).stdout

    assert printed() == f"{newest}\n"
    assert printed("--both") == f"{newest}:{cached}\n"
    assert printed("--own-release") == f"{cached}\n"


def test_this_machine_has_what_the_archive_needs() -> None:
    assert shutil.which("apt-get"), "the archive tests need a Debian or Ubuntu machine"
