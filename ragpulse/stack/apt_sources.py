"""Where does this machine get its distribution's packages from, and by which key does it know them?

Source: `sources.list` and `sources.list.d/` of apt, in both styles (one line each, deb822 blocks); sources.list(5).
What cannot be understood is left out, as it is for us only a place to look.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_ONE_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>(?:\s+\S+)*)")
_FIELD = re.compile(r"(?P<name>[A-Za-z-]+)\s*:\s*(?P<value>.*)")
# What decides whether apt believes an archive; nothing else of an entry is ours to repeat.
_TRUST_FIELDS = ("Signed-By", "Trusted", "Check-Valid-Until")


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of packages. `trust`: deb822 fields with their values as they stand, keys in full included."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    trust: tuple[tuple[str, str], ...] = ()

    @property
    def signed_by(self) -> str | None:
        return dict(self.trust).get("Signed-By")

    def as_deb822(self, architecture: str) -> str:
        """As a block of our own private list: packages only, of one architecture."""
        fields = {
            "Types": "deb",
            "URIs": " ".join(self.uris),
            "Suites": " ".join(self.suites),
            "Components": " ".join(self.components),
            "Architectures": architecture,
            "Targets": "Packages",
            **dict(self.trust),
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def read(folder: Path) -> list[Entry]:
    """Every entry of apt's configuration in `folder` (`/etc/apt`), in apt's order."""
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    entries: list[Entry] = []
    for file in files:
        if not file.is_file():
            continue
        text = file.read_text(errors="replace")
        if file.suffix == ".list":
            entries += parse_one_line_style(text)
        elif file.suffix == ".sources":
            entries += parse_deb822(text)
    return entries


def parse_one_line_style(text: str) -> Iterator[Entry]:
    for line in text.splitlines():
        match = _ONE_LINE.fullmatch(line.partition("#")[0].strip())
        if match:
            options = dict(option.partition("=")[::2] for option in (match["options"] or "").split())
            trust = tuple(
                (field, options[field.lower()].replace(",", " ")) for field in _TRUST_FIELDS if field.lower() in options
            )
            yield Entry((match["uri"],), (match["suite"],), tuple(match["components"].split()), trust)


def parse_deb822(text: str) -> Iterator[Entry]:
    for block in re.split(r"\n[ \t]*\n", text):
        fields = _fields(block.splitlines())
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").strip().lower() not in _NO:
            trust = tuple((field, fields[field.lower()]) for field in _TRUST_FIELDS if field.lower() in fields)
            yield Entry(
                tuple(fields.get("uris", "").split()),
                tuple(fields.get("suites", "").split()),
                tuple(fields.get("components", "").split()),
                trust,
            )


_NO = {"no", "false", "without", "off", "disable", "0"}


def _fields(lines: Iterable[str]) -> dict[str, str]:
    """Names in small letters. A continued value keeps its lines: that is how a key stands in a block."""
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        if line.startswith("#"):
            continue
        if line[:1] in {" ", "\t"} and name:
            fields[name] += f"\n{line}"
        elif match := _FIELD.fullmatch(line.rstrip()):
            name = match["name"].lower()
            fields[name] = match["value"]
    return fields


def own_release(entries: Iterable[Entry], codename: str) -> list[Entry]:
    """What the release itself consists of: its suite, updates and security, of those who sign its main part."""
    wanted = {codename, f"{codename}-updates", f"{codename}-security"}
    ours = [
        Entry(entry.uris, suites, entry.components, entry.trust)
        for entry in entries
        if (suites := tuple(suite for suite in entry.suites if suite in wanted))
    ]
    base = _base(ours, codename)
    return [entry for entry in ours if base is not None and entry.signed_by == base.signed_by]


def newer_suite(entries: Iterable[Entry], codename: str, suite: str) -> Entry | None:
    """Another suite of Debian from the machine's own mirror, believed by the machine's own keyring."""
    reachable = [
        Entry(uris, entry.suites, entry.components, entry.trust)
        for entry in entries
        if (uris := tuple(uri for uri in entry.uris if uri.startswith(("http://", "https://"))))
    ]
    base = _base(reachable, codename)
    if base is None:
        return None
    keyring = base.signed_by or (str(DEBIAN_KEYRING) if DEBIAN_KEYRING.exists() else None)
    return Entry(base.uris[:1], (suite,), ("main",), (("Signed-By", keyring),) if keyring else ())


def _base(entries: Iterable[Entry], codename: str) -> Entry | None:
    """The distribution's own main part. Others name their suite alike, so Debian's own keyring goes first."""
    mains = [entry for entry in entries if codename in entry.suites and "main" in entry.components]
    return min(mains, key=_strangeness, default=None)


def _strangeness(entry: Entry) -> int:
    if entry.signed_by is None:
        return 1
    return 0 if "-archive-" in entry.signed_by else 2
