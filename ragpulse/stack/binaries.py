"""Which Prometheus and Alertmanager are at hand, do they run here, and are they new enough?

Looked for in the folders of RAGPULSE_BIN, then on PATH. A server and its tool come from one folder, so that they are of
one generation.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ragpulse.errors import RagpulseError

OLDEST_PROMETHEUS = (2, 42)  # keep_firing_for
_PROMETHEUS_NAMES = ("prometheus",)
_ALERTMANAGER_NAMES = ("prometheus-alertmanager", "alertmanager")  # Debian's name first
_VERSION = re.compile(r"version (\d+)\.(\d+)")
_SECONDS_TO_SAY_ITS_VERSION = 20

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Binaries:
    prometheus: Path
    promtool: Path
    alertmanager: Path
    amtool: Path

    def folders(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((self.prometheus.parent, self.alertmanager.parent)))


class UnusableError(RagpulseError):
    """A binary that does not run here or is too old."""


def version(binary: Path) -> tuple[int, int]:
    """Errors: UnusableError."""
    try:
        result = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, check=True, timeout=_SECONDS_TO_SAY_ITS_VERSION
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UnusableError(f"{binary} does not run here: {_words(error)}") from None
    found = _VERSION.search(result.stdout + result.stderr)
    if found is None:
        raise UnusableError(f"{binary} --version says no version")
    return int(found[1]), int(found[2])


def require_usable(binaries: Binaries) -> None:
    """Each one runs, and Prometheus is new enough. Errors: UnusableError."""
    _require_prometheus(binaries.prometheus)
    for binary in (binaries.promtool, binaries.alertmanager, binaries.amtool):
        version(binary)


def in_folders(folders: list[Path], say: Say) -> Binaries | None:
    """The first usable pairs; each one that is passed over is said in one line."""
    prometheus = next(_usable(folders, _PROMETHEUS_NAMES, "promtool", _require_prometheus, say), None)
    if prometheus is None:
        return None
    alertmanager = next(_usable(folders, _ALERTMANAGER_NAMES, "amtool", version, say), None)
    return Binaries(*prometheus, *alertmanager) if alertmanager else None


def at_hand(environment: Mapping[str, str], say: Say) -> Binaries | None:
    """From RAGPULSE_BIN, then PATH."""
    texts = (environment.get("RAGPULSE_BIN", ""), environment.get("PATH", ""))
    return in_folders([Path(folder) for text in texts for folder in text.split(os.pathsep) if folder], say)


def _usable(
    folders: list[Path], names: tuple[str, ...], tool: str, check: Callable[[Path], object], say: Say
) -> Iterator[tuple[Path, Path]]:
    for folder in folders:
        server = next((folder / name for name in names if os.access(folder / name, os.X_OK)), None)
        if server is None:
            continue
        try:
            check(server)
            version(folder / tool)
        except UnusableError as error:
            say(f"not used: {error}")
            continue
        yield server, folder / tool


def _require_prometheus(binary: Path) -> None:
    found = version(binary)
    if found < OLDEST_PROMETHEUS:
        oldest = ".".join(map(str, OLDEST_PROMETHEUS))
        raise UnusableError(f"{binary} is {found[0]}.{found[1]}, older than {oldest}")


def _words(error: OSError | subprocess.SubprocessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        said = (error.stderr or error.stdout).strip().splitlines()
        return said[-1] if said else f"exit status {error.returncode}"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
