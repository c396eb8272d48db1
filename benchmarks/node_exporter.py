"""The exporter that everybody knows, as a program of our own: Debian's package, unpacked into the user's cache folder.

Nothing is installed; the release's own package is taken, so that what we are compared with does not change from day to
day. Errors: RagpulseError in one line.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from ragpulse.errors import RagpulseError
from ragpulse.stack import apt_sources
from ragpulse.stack.apt import PrivateApt
from ragpulse.stack.archive import Archive
from ragpulse.stack.binaries import Say

_PACKAGE = "prometheus-node-exporter"
_VERSION = re.compile(r"version (\S+)")


def provide(say: Say) -> Path:
    try:
        archive = Archive.of_this_machine(say)
    except RagpulseError:
        raise RagpulseError("node_exporter comes from an archive of Debian or Ubuntu; this machine has none") from None
    try:
        folder = archive.cache / f"node-exporter-{archive.distribution}-{archive.codename}-{archive.architecture}"
        program = folder / _PACKAGE
        if not os.access(program, os.X_OK):
            _fetch(archive, folder)
    except (RagpulseError, OSError) as error:
        raise RagpulseError(f"there is no node_exporter to compare with: {error}") from None
    return program


def version(program: Path) -> str:
    """As it says itself, `1.5.0`. Errors: RagpulseError."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    if found := _VERSION.search(said.stdout + said.stderr):
        return found[1].rstrip(",")
    raise RagpulseError(f"{program} --version says no version")


def _fetch(archive: Archive, folder: Path) -> None:
    archive.say(f"fetching node_exporter of {archive.distribution} {archive.codename} (about 5 MB, once)")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as work:
        entries = apt_sources.own_release(archive.entries, archive.codename)
        apt = PrivateApt(Path(work), entries, archive.architecture)
        apt.update()
        for package in apt.download([_PACKAGE]):
            apt.unpack(package, Path(work, "root"))
        folder.mkdir(exist_ok=True)
        Path(work, "root", "usr", "bin", _PACKAGE).replace(folder / _PACKAGE)
