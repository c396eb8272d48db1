"""Where the machine gets its packages from, in both styles of apt, and which entry is the distribution's own."""

from pathlib import Path

import pytest

from ragpulse.stack import apt_sources
from ragpulse.stack.apt_sources import Entry

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


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
