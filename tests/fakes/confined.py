"""The command as a process to which the system refuses something: room on the disk, or rights that root has."""

import os
import subprocess
import sys
from pathlib import Path

from tests.fakes.running import ROOT

# No file may grow by a byte, wherever it lies: what a full disk is to whoever writes, and any user may ask for it.
WITHOUT_ROOM = ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh")
# Root without what makes it root keeps its own files and obeys their modes; any other user does that anyway.
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()


def ragpulse(*arguments: str | Path, under: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    done = subprocess.run(
        [*under, sys.executable, "-m", "ragpulse", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr
