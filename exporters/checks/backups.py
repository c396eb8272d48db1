"""Can what is recorded of the backups of this node be read, did the last one succeed, and is it young enough?

Source: the state file of borg-run, on the node that makes the backup.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from exporters.checks.check import Check, Result, Scene, failed, not_checked, note, well
from ragpulse.borg import state_file
from ragpulse.borg.state import State, StateError
from ragpulse.units import human_duration

if TYPE_CHECKING:
    from ragpulse.backups import Backup

_OVERDUE = 1.25  # as the alert: a backup takes longer on one day than on another
_HOLDS_DATA = ("chroma", "memory")


def checks(scene: Scene) -> Iterator[Check]:
    covered = {backup.covers for backup in scene.cluster.backups.values()}
    for name, backup in scene.cluster.backups.items():
        services = frozenset({backup.covers}) if backup.covers else frozenset[str]()
        yield Check(f"backup {name}", "record", partial(result, scene, name, backup), (), services)
    for name, service in scene.cluster.services.items():
        if service.kind in _HOLDS_DATA and name not in covered:
            yield Check(name, "backup", partial(_uncovered, scene), (), frozenset({name}))


def _uncovered(scene: Scene) -> Result:
    return note(f"no backup of {scene.file} covers it")


def result(scene: Scene, name: str, backup: Backup) -> Result:
    if backup.node != scene.node:
        return not_checked(f"it is made on {backup.node}: run ragpulse check there")
    if backup.state_file is None:
        return not_checked(f"backups.{name} has no state_file in which borg-run would record it")
    file = Path(backup.state_file)
    try:
        state = state_file.read(file) or State()
    except StateError as error:
        return failed(str(error), f"move {file} away and let borg-run write it anew with the next backup")
    return _judged(scene, backup, file, state)


def _judged(scene: Scene, backup: Backup, file: Path, state: State) -> Result:
    mend = f"run the backup and read what it says: documents/scripts/borg-run --state {file} create ..."
    run, verify = state.runs.get("create"), state.runs.get("verify")
    if run is None:
        return failed(f"{file} records no backup", mend)
    if not run.is_good:
        return failed(f"the last backup failed: {run.reason or run.exit_code}", mend)
    age, every, within = max(0.0, time.time() - run.last_success), backup.every, backup.verified_within
    said = f"succeeded {human_duration(age)} ago"
    if every is not None and age > _OVERDUE * every:
        return failed(
            f"the last backup {said}, and one is due every {human_duration(every)}",
            f"see why it was not run (systemctl list-timers; the crontab of {scene.node}), and run borg-run now",
        )
    if within is not None and (verify is None or time.time() - verify.last_success > within):
        return note(f"{said}; not restored for trial within {human_duration(within)}: documents/scripts/borg-verify")
    return well(said)
