"""Are the generated files acceptable to the very Prometheus and Alertmanager that will read them?

They are written beside the configuration in use and judged there; it stays as it is until they take its place, whole.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ragpulse import atomic
from ragpulse.errors import RagpulseError
from ragpulse.stack.binaries import Binaries

_SECONDS = 60


class RefusedError(RagpulseError):
    """promtool or amtool refuses what was generated."""

    exit_code = 2


def stage(files: Mapping[str, str | bytes], config: Path, binaries: Binaries) -> Path:
    """A folder beside `config` with the files, judged. Errors: RefusedError with the judge's words; OSError."""
    staged = config.with_name(f"{config.name}.new")
    shutil.rmtree(staged, ignore_errors=True)
    try:
        atomic.write_all({staged / name: content for name, content in files.items()})
    except OSError:
        shutil.rmtree(staged, ignore_errors=True)  # a full disk has no use for the half of it
        raise
    _judge(binaries.promtool, "check", "config", str(staged / "prometheus" / "prometheus.yml"))
    _judge(binaries.amtool, "check-config", str(staged / "alertmanager" / "alertmanager.yml"))
    return staged


def take(staged: Path | None, config: Path) -> None:
    """The staged folder becomes the configuration in use; without one there is none any more.

    Nothing reads it at this time. Interrupted between its steps, it is simply staged anew.
    """
    shutil.rmtree(config, ignore_errors=True)
    if staged:
        staged.rename(config)


def _judge(tool: Path, *arguments: str) -> None:
    try:
        result = subprocess.run(
            [tool, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RefusedError(f"{tool} cannot be run: {error}") from None
    if result.returncode != 0:
        said = result.stdout + result.stderr
        # Before this word both say what they look at, and what is well.
        complaint = said.partition("FAILED:")[2] or said
        raise RefusedError(f"{tool.name} refuses the generated configuration: {' '.join(complaint.split())}")
