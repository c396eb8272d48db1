"""The real Prometheus and Alertmanager programs, of each generation that `RAGPULSE_BIN` names.

`RAGPULSE_BIN` is a list of folders as PATH is one: the newest first, then the distribution's own release. What is
missing fails the test that needs it, with the mend.
"""

import os
from pathlib import Path

import pytest

FOLDERS = tuple(Path(folder) for folder in os.environ.get("RAGPULSE_BIN", "").split(os.pathsep) if folder)

# For `parametrize`: one test per generation; without any, one test, which fails.
each_generation = pytest.mark.parametrize(
    "generation", range(max(1, len(FOLDERS))), ids=lambda index: f"generation {index + 1}"
)

# Debian calls its Alertmanager differently from upstream.
_OTHER_NAMES = {"alertmanager": "prometheus-alertmanager"}


def binary(name: str, generation: int = 0) -> Path:
    """The path of `prometheus`, `promtool`, `alertmanager` or `amtool`."""
    if not FOLDERS:
        pytest.fail(f"{name} is not to be found: RAGPULSE_BIN names no folder; `make test` sets it up")
    folder = FOLDERS[generation]
    for candidate in (name, _OTHER_NAMES.get(name, name)):
        if (path := folder / candidate).is_file():
            return path
    pytest.fail(f"{name} is not in {folder}, which RAGPULSE_BIN names; `make test` sets it up")
