"""`ragpulse borg-run --state FILE OPERATION ...`: Borg, as it would run without us, and what came of it recorded.

OPERATION and all that follows it are Borg's own: `create ::{now} /srv/data`. What is not recorded (`list`, `init`,
`--version`) is handed to Borg as it stands, so that this can be named wherever a program asks for the path of Borg.
`record OPERATION STATUS` records a run of somebody else: for hooks that are told how it went.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from ragpulse.borg import run, state
from ragpulse.borg.call import Borg, BorgError


def borg_run(
    context: typer.Context,
    *,
    state_file: Annotated[Path, typer.Option("--state", help="State file of this backup.")],
    borg: Annotated[str, typer.Option(help="Borg's own program.")] = "borg",
    lock_wait: Annotated[int, typer.Option(min=0, help="Seconds to wait for the lock of the repository.")] = 600,
) -> None:
    """Call Borg, and record when, for how long and with which result."""
    operation, *arguments = context.args or [""]
    if operation == "record":
        run.note(*_noted(arguments), file=state_file)
    elif operation in run.RECORDED:
        code = run.call(Borg(borg), operation, arguments, file=state_file, lock_wait=lock_wait)
        raise typer.Exit(code)
    elif operation:
        _become(borg, context.args)
    else:
        raise typer.BadParameter("nothing to run: name an operation of Borg, like create, and its arguments")


def _noted(arguments: list[str]) -> tuple[str, int]:
    operation, status, *more = [*arguments, "", ""]
    if operation not in state.OPERATIONS or not status.isdecimal() or any(more):
        raise typer.BadParameter(f"write: record OPERATION STATUS, with one of {', '.join(run.RECORDED)} and a number")
    return operation, int(status)


def _become(borg: str, arguments: list[str]) -> None:
    try:
        os.execvp(borg, [borg, *arguments])  # noqa: S606 - a program by design, as everywhere
    except OSError as error:
        raise BorgError(f"{borg}: {error.strerror}; install BorgBackup, or name it by --borg") from None
