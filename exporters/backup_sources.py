"""Everything that the agent of one node reads of the backups that this node makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from exporters.borg_archives import BorgArchives
from exporters.borg_repository import BorgRepository
from exporters.borg_state import BorgState
from exporters.planned import Planned
from exporters.source import Source
from ragpulse.borg.location import local_folder

if TYPE_CHECKING:
    from ragpulse.backups import Backup
    from ragpulse.inventory import Cluster


def backup_sources(cluster: Cluster, node: str) -> list[Planned]:
    return [
        Planned(source, settings=backup)
        for name, backup in cluster.backups.items()
        if backup.node == node
        for source in _sources(name, backup)
    ]


def _sources(name: str, backup: Backup) -> Iterator[Source]:
    folder = local_folder(backup.repository) if backup.repository else None
    if backup.state_file is not None:
        yield BorgState(name, Path(backup.state_file), every=backup.every, looks_inside=folder is not None)
    if folder is not None:
        yield BorgRepository(name, folder)
    if backup.repository is not None and backup.passphrase_file is not None:
        yield BorgArchives(name, backup.repository, Path(backup.passphrase_file))
