"""The cluster file, read and checked by a short-lived process of its own: `python -m ragpulse.read_apart FILE`.

That process writes the plain cluster (`ragpulse.plain`) to its standard output, or every mistake of the file to its
standard error. So a long-lived process holds no library for checking, and one that reloads survives whatever a file
does to the reader. Errors: UnreadError, with the reader's own lines and exit status.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ragpulse.errors import RagpulseError

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster

_WITHIN = 60.0  # seconds; a second is plenty, but a starved machine must not lose its agent over it


class UnreadError(RagpulseError):
    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def read(file: Path) -> Cluster:
    """As good as a `Cluster`: its attributes, not its class."""
    command = (sys.executable, "-m", "ragpulse.read_apart", str(file))
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_WITHIN)
    except subprocess.TimeoutExpired:
        raise UnreadError(f"{file}: could not be read within {_WITHIN:g} s; is the machine out of memory?", 1) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise UnreadError(said or f"{file}: its reader ended with status {done.returncode}", max(1, done.returncode))
    cluster: Cluster = pickle.loads(done.stdout)  # noqa: S301 - written by ourselves a moment ago
    return cluster


def _main() -> None:
    from ragpulse import cluster_file  # noqa: PLC0415 - the checking library, in this process alone
    from ragpulse.plain import plain  # noqa: PLC0415 - the same

    try:
        cluster = cluster_file.load(Path(sys.argv[1]))
    except RagpulseError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    sys.stdout.buffer.write(pickle.dumps(plain(cluster)))


if __name__ == "__main__":
    _main()
