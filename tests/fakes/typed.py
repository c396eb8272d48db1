"""A `ragpulse` command as it is typed, in this process: its exit status and what it says."""

import sys
from dataclasses import dataclass

import pytest

from ragpulse.__main__ import main


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


def typed(capsys: pytest.CaptureFixture[str], *arguments: object) -> Said:
    before, sys.argv = sys.argv, ["ragpulse", *map(str, arguments)]
    capsys.readouterr()
    try:
        main()
        status = 0
    except SystemExit as ending:
        status = int(ending.code or 0)
    finally:
        sys.argv = before
    return Said(status, *capsys.readouterr())
