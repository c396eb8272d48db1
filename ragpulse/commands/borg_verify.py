"""`ragpulse borg-verify --state FILE [PATH ...]`: restore the newest archive into scratch, open it, count, record.

The repository and its passphrase are told as Borg wants it, by BORG_REPO and BORG_PASSCOMMAND.
"""

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from ragpulse.borg.call import Borg
from ragpulse.borg.verify import Verification
from ragpulse.stack.telling import Telling
from ragpulse.units import human_duration


def borg_verify(
    paths: Annotated[list[str] | None, typer.Argument(help="What to restore, as `borg list` shows it.")] = None,
    *,
    state_file: Annotated[Path, typer.Option("--state", help="State file of this backup.")],
    repository: Annotated[str | None, typer.Option(help="Repository [default: BORG_REPO].")] = None,
    archives: Annotated[str | None, typer.Option(help="Pattern for the names of its archives.")] = None,
    scratch: Annotated[Path | None, typer.Option(help="Where to restore to [default: TMPDIR or /tmp].")] = None,
    chroma: Annotated[str | None, typer.Option(help="Chroma that serves the copy [default: on PATH].")] = None,
    borg: Annotated[str, typer.Option(help="Borg's own program.")] = "borg",
    lock_wait: Annotated[int, typer.Option(min=0, help="Seconds to wait for the lock of the repository.")] = 600,
    accept_fewer: Annotated[bool, typer.Option("--accept-fewer", help="That much was deleted is right.")] = False,
) -> None:
    """Prove that the newest archive can be restored and read."""
    telling = Telling()
    verification = Verification(
        borg=Borg(borg, {"BORG_REPO": repository} if repository else None),
        file=state_file,
        paths=paths or (),
        archives=archives,
        scratch=scratch,
        chroma=chroma or shutil.which("chroma", path=os.environ.get("PATH")),
        lock_wait=lock_wait,
        accept_fewer=accept_fewer,
    )
    with telling.at_work():
        proof = verification.run(telling.step)
    served = "" if proof.served is None else f"; Chroma serves {proof.served}"
    found = proof.contents
    print(
        f"{proof.archive.name}: {found.files} files, {found.bytes} bytes, {found.records} records"
        f" (SQLite databases: {len(found.databases)}{served}); verified in {human_duration(proof.seconds)}"
    )
