"""The backups that a cluster file can name, and what of each can be known."""

from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from ragpulse.borg.location import local_folder
from ragpulse.model import Duration, FilePath, Name, Part


def _repository(text: str) -> str:
    folder = local_folder(text)
    if "::" in text:
        raise ValueError(f"{text!r} names an archive; write the repository alone, without :: and what follows")
    if folder is not None and not folder.is_absolute():
        raise ValueError(f"{text!r} is neither an absolute path nor on another machine (ssh://user@host/path)")
    return text


class Backup(Part):
    kind: Literal["borg"]
    """BorgBackup"""
    node: Name
    """node that makes it"""
    covers: Name | None = None
    """service whose data it holds"""
    every: Duration | None = None
    """how often it is made; without it nobody is told that one is overdue"""
    state_file: FilePath | None = None
    """file in which `borg-run` and `borg-verify` record each run"""
    verified_within: Duration | None = 35 * 86400.0
    """how old the last restore by `borg-verify` may be; `null`: as old as it likes"""
    repository: Annotated[str, AfterValidator(_repository)] | None = None
    """the repository itself: beside `state_file` its lock and room are looked at where it is a folder of the node;
    without one, its last change, and with `passphrase_file` its newest archive
    """
    passphrase_file: FilePath | None = None
    """file that holds the passphrase of `repository`, where there is no state file; its reader can read every backup"""

    @model_validator(mode="after")
    def _has_something_to_read(self) -> "Backup":
        if self.state_file is None and self.repository is None:
            raise ValueError("needs state_file (or repository) to know anything of the backup")
        if self.passphrase_file is None:
            if self.state_file is None and local_folder(self.repository or "") is None:
                raise ValueError("needs state_file, for of a repository on another machine nothing else can be read")
        elif self.state_file is not None:
            raise ValueError("needs no passphrase_file beside state_file, which tells more; take it out")
        return self
