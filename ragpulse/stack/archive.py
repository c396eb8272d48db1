"""How does a machine without Prometheus get one? From its distribution's archive, into the user's cache folder.

On Debian that is sid's (newer by years, and its binaries run on older releases), through the machine's own mirror and
keyring; where sid cannot be had or does not run, the release's own. Nothing is installed and the system's apt is not
touched. The cache is shared between clones: a folder of it appears whole, by one rename, or not at all.
Errors: RagpulseError in one line.
"""

import fcntl
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ragpulse.errors import RagpulseError
from ragpulse.stack import apt_sources
from ragpulse.stack.apt import AptError, PrivateApt
from ragpulse.stack.apt_sources import Entry
from ragpulse.stack.binaries import Binaries, Say, UnusableError, in_folders, require_usable
from ragpulse.stack.relocate import relocate
from ragpulse.stack.trial import require_starting

_NEWER_SUITE = "sid"
_PACKAGES = ("prometheus", "prometheus-alertmanager")
_TOOL_PACKAGE = "promtool"  # inside `prometheus` in releases that have no such package
_PROGRAMS = ("prometheus", "promtool", "prometheus-alertmanager", "amtool")
_MEND = "install Prometheus 2.42 or newer with promtool, and Alertmanager with amtool, and put them on PATH"


def cache_folder() -> Path:
    if given := os.environ.get("RAGPULSE_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ragpulse"


@dataclass(frozen=True, slots=True)
class Archive:
    """`distribution` and `codename` as /etc/os-release has them; `entries` as apt has them."""

    distribution: str
    codename: str
    architecture: str
    entries: tuple[Entry, ...]
    cache: Path
    say: Say
    newer_suite: str = _NEWER_SUITE

    @classmethod
    def of_this_machine(cls, say: Say) -> "Archive":
        """Errors: RagpulseError where there is no apt to ask."""
        release = _os_release()
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb") and "VERSION_CODENAME" in release):
            raise RagpulseError(
                f"no Prometheus on PATH, and {release.get('NAME', 'this system')} is no Debian: {_MEND}"
            )
        printed = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
        return cls(
            distribution=release.get("ID", "linux"),
            codename=release["VERSION_CODENAME"],
            architecture=printed.stdout.strip(),
            entries=tuple(apt_sources.read(Path("/etc/apt"))),
            cache=cache_folder() / "bin",
            say=say,
        )

    def newest(self) -> Binaries:
        """What is in the cache already; else sid's; else the release's own, with one line why."""
        for suite in (self.newer_suite, self.codename):
            if cached := self._cached(suite):
                return cached
        entry = apt_sources.newer_suite(self.entries, self.codename, self.newer_suite)
        if self.distribution == "debian" and entry is not None:
            try:
                return self._fetched(self.newer_suite, [entry])
            except (AptError, UnusableError) as error:
                self.say(f"Prometheus of Debian {self.newer_suite} cannot be had ({error}); taking {self.codename}'s")
        return self.own_release()

    def own_release(self) -> Binaries:
        entries = apt_sources.own_release(self.entries, self.codename)
        if not entries:
            raise RagpulseError(f"apt names no source for {self.codename}: {_MEND}")
        try:
            return self._cached(self.codename) or self._fetched(self.codename, entries)
        except (AptError, UnusableError) as error:
            raise RagpulseError(f"no Prometheus from {self.codename}'s archive ({error}): {_MEND}") from None

    def _folder(self, suite: str) -> Path:
        return self.cache / f"{self.distribution}-{suite}-{self.architecture}"

    def _cached(self, suite: str) -> Binaries | None:
        """A home folder may be shared by machines of different releases: what does not run here is not taken."""
        return in_folders([self._folder(suite)], self.say)

    def _fetched(self, suite: str, entries: list[Entry]) -> Binaries:
        with self._locked():
            # Another clone may have been quicker.
            try:
                return self._cached(suite) or self._fetch(suite, entries)
            except OSError as error:
                raise AptError(f"{error.filename or self.cache}: {error.strerror}") from None

    def _fetch(self, suite: str, entries: list[Entry]) -> Binaries:
        self.say(f"fetching Prometheus and Alertmanager of {self.distribution} {suite} (about 50 MB, once)")
        with tempfile.TemporaryDirectory(dir=self.cache, prefix=_UNFINISHED) as work:
            apt = PrivateApt(Path(work), entries, self.architecture)
            apt.update()
            names = [*_PACKAGES, *([_TOOL_PACKAGE] if apt.has(_TOOL_PACKAGE) else [])]
            for package in apt.download(names):
                apt.unpack(package, Path(work, "root"))
            made = _assemble(Path(work, "root", "usr"), Path(work, "made"))
            require_usable(_binaries(made))
            require_starting(_binaries(made).alertmanager, Path(work))
            folder = self._folder(suite)
            shutil.rmtree(folder, ignore_errors=True)  # it is there only if it was not usable
            made.rename(folder)
        return _binaries(folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One at a time; clears what an interrupted one left behind."""
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            lock = (self.cache / "lock").open("w")
        except OSError as error:
            raise RagpulseError(f"{self.cache}: {error.strerror}; set RAGPULSE_CACHE to a folder of yours") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.say("waiting for another clone that fetches Prometheus")
                fcntl.flock(lock, fcntl.LOCK_EX)
            for left_behind in self.cache.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(left_behind, ignore_errors=True)
            yield


_UNFINISHED = "unfinished-"


def _assemble(unpacked: Path, folder: Path) -> Path:
    """The programs, and the files that they look for."""
    folder.mkdir()
    try:
        (unpacked / "share" / "prometheus").rename(folder / "share")
        for name in _PROGRAMS:
            relocate(unpacked / "bin" / name, folder)
    except FileNotFoundError as error:
        raise UnusableError(f"the packages hold no {Path(error.filename).name}") from None
    return folder


def _binaries(folder: Path) -> Binaries:
    return Binaries(*(folder / name for name in _PROGRAMS))


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
