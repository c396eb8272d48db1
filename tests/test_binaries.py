"""Where Prometheus and Alertmanager come from: at hand if usable, else the distribution's archive, for real."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ragpulse.errors import RagpulseError
from ragpulse.stack import apt_sources, binaries
from ragpulse.stack.apt import AptError, PrivateApt
from ragpulse.stack.apt_sources import Entry
from ragpulse.stack.archive import Archive, cache_folder
from ragpulse.stack.binaries import Binaries, UnusableError, at_hand, in_folders
from ragpulse.stack.relocate import relocate
from ragpulse.stack.trial import require_starting
from tests.fakes.binaries import binary, each_generation

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def program(path: Path, version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{path.name}, version {version} (branch: HEAD)'\n")
    path.chmod(0o755)


def folder_of(
    folder: Path, prometheus: str | None = "3.5.0", alertmanager: str | None = "0.27.0", name: str = "alertmanager"
) -> Path:
    for version, names in ((prometheus, ("prometheus", "promtool")), (alertmanager, (name, "amtool"))):
        for one in names if version else ():
            program(folder / one, str(version))
    return folder


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


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (
            "deb http://mirror.example/debian bookworm main contrib # the mirror",
            Entry(("http://mirror.example/debian",), ("bookworm",), ("main", "contrib")),
        ),
        (
            f"deb [arch=amd64 signed-by={KEYRING}]  https://mirror.example/debian  bookworm  main",
            Entry(("https://mirror.example/debian",), ("bookworm",), ("main",), (("Signed-By", KEYRING),)),
        ),
        ("deb-src http://mirror.example/debian bookworm main", None),
        ("# deb http://mirror.example/debian bookworm main", None),
        ("", None),
    ],
    ids=["a plain line", "a line with options", "sources", "a comment", "an empty line"],
)
def test_one_line_style_is_read(line: str, entry: Entry | None) -> None:
    assert list(apt_sources.parse_one_line_style(line)) == ([entry] if entry else [])


def test_deb822_style_is_read_with_keys_comments_and_what_is_switched_off() -> None:
    text = """\
# See sources.list(5)
Types: deb deb-src
# the mirror of this house
URIs: http://mirror.example/debian
Suites: bookworm
  bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main
"""
    [entry] = apt_sources.parse_deb822(text)
    assert entry.uris == ("http://mirror.example/debian",)
    assert entry.suites == ("bookworm", "bookworm-updates")
    assert entry.signed_by is not None
    assert entry.signed_by.splitlines()[1:3] == [" -----BEGIN PGP PUBLIC KEY BLOCK-----", " ."]
    [again] = apt_sources.parse_deb822(entry.as_deb822("amd64"))
    assert again == entry


def test_both_styles_of_a_folder_are_read_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://one.example/debian bookworm main\n")
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "two.sources").write_text(
        "Types: deb\nURIs: http://two.example/debian\nSuites: bookworm\nComponents: main\n"
    )
    (tmp_path / "sources.list.d" / "three.list").write_text("deb http://three.example/debian bookworm main\n")
    (tmp_path / "sources.list.d" / "four.list.save").write_text("deb http://four.example/debian bookworm main\n")
    uris = [uri for entry in apt_sources.read(tmp_path) for uri in entry.uris]
    assert uris == ["http://one.example/debian", "http://three.example/debian", "http://two.example/debian"]


def entry(uri: str, suite: str, components: str = "main", signed_by: str | None = KEYRING) -> Entry:
    return Entry((uri,), (suite,), (components,), (("Signed-By", signed_by),) if signed_by else ())


MIRROR = entry("http://mirror.example/debian", "bookworm")
VENDOR = entry("https://apt.vendor.example", "bookworm", signed_by="/usr/share/keyrings/vendor.gpg")
SECURITY = entry("http://mirror.example/debian-security", "bookworm-security")
LOCAL = entry("file:/srv/debian", "bookworm")


def test_the_newer_suite_comes_from_the_machines_mirror_and_keyring_not_from_a_vendor_with_the_same_suite() -> None:
    found = apt_sources.newer_suite([VENDOR, SECURITY, MIRROR], "bookworm", "sid")
    assert found == entry("http://mirror.example/debian", "sid")


@pytest.mark.parametrize(
    "entries",
    [[], [LOCAL], [SECURITY], [entry("cdrom:[Debian]/", "bookworm")], [entry("http://x.example", "trixie")]],
    ids=["no source", "a local folder", "security alone", "a disc", "another release"],
)
def test_without_a_mirror_on_the_network_there_is_no_newer_suite(entries: list[Entry]) -> None:
    assert apt_sources.newer_suite(entries, "bookworm", "sid") is None


def test_the_release_itself_is_what_one_keyring_signs() -> None:
    backports = entry("http://mirror.example/debian", "bookworm-backports")
    assert apt_sources.own_release([VENDOR, MIRROR, SECURITY, backports], "bookworm") == [MIRROR, SECURITY]


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
        command = [sys.executable, "-m", "ragpulse.stack.binaries", *options]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30).stdout

    assert printed() == f"{newest}\n"
    assert printed("--both") == f"{newest}:{cached}\n"
    assert printed("--own-release") == f"{cached}\n"


def test_this_machine_has_what_the_archive_needs() -> None:
    assert shutil.which("apt-get"), "the archive tests need a Debian or Ubuntu machine"
