"""The real Borg as a program of our own: Debian's package, unpacked into the user's cache folder, nothing installed.

`python -m tests.fakes.borg_package` prints where it lies. It runs on the release's own Python, for which it was built.
Errors: one line, exit status 2.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ragpulse.errors import RagpulseError
from ragpulse.stack import apt_sources
from ragpulse.stack.apt import PrivateApt
from ragpulse.stack.archive import Archive

# What of its dependencies a machine with apt and Python does not have anyway.
_PACKAGES = ("borgbackup", "python3-msgpack", "python3-packaging", "python3-pkg-resources")
_SCRIPT = """\
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
PYTHONPATH="$here/usr/lib/python3/dist-packages" exec /usr/bin/python3 "$here/usr/bin/borg" "$@"
"""


def provide(archive: Archive) -> Path:
    folder = archive.cache / f"borg-{archive.distribution}-{archive.codename}-{archive.architecture}"
    program = folder / "borg"
    if not os.access(program, os.X_OK):
        _fetch(archive, folder)
    subprocess.run([program, "--version"], stdout=subprocess.DEVNULL, check=True)
    return program


def _fetch(archive: Archive, folder: Path) -> None:
    archive.say(f"fetching BorgBackup of {archive.distribution} {archive.codename} (about 2 MB, once)")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as work:
        entries = apt_sources.own_release(archive.entries, archive.codename)
        apt = PrivateApt(Path(work), entries, archive.architecture)
        apt.update()
        made = Path(work, "made")
        for package in apt.download(_PACKAGES):
            apt.unpack(package, made)
        (made / "borg").write_text(_SCRIPT)
        (made / "borg").chmod(0o755)
        made.rename(folder)


def main() -> int:
    try:
        print(provide(Archive.of_this_machine(lambda line: print(f"ragpulse: {line}", file=sys.stderr))))
    except (RagpulseError, OSError, subprocess.CalledProcessError) as error:
        print(f"ragpulse: there is no Borg for the tests ({error}): install borgbackup", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
