"""Backups: is there one, is it young enough, can it be restored, and will the next one find room and an open lock?

One fault is one alert. A backup that fails is told as that and not as too old as well; one that is damaged, or was
restored and cannot be read, is told as that and not as a failure of its check.
"""

from collections.abc import Iterator

from alerts.rule import Alert, Group, Severity
from ragpulse.backups import Backup
from ragpulse.borg.location import local_folder
from ragpulse.borg.state import REASONS
from ragpulse.catalogue.backup import (
    FAILURE,
    LAST_COMMIT,
    LAST_SUCCESS,
    LOCK_AGE,
    MISSING_PATHS,
    REPOSITORY_FILESYSTEM,
    REPOSITORY_FREE,
    RESTORE_VERIFIED,
)
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.promql import forecast, instant, past
from ragpulse.units import human_duration

NEVER_SUCCEEDED, DAMAGED = "BackupNeverSucceeded", "BackupDamaged"
FAILED, STALE, UNVERIFIED = "BackupFailed", "BackupStale", "BackupUnverified"
LOCK_HELD, PATH_MISSING, REPOSITORY_FULL = "BackupLockHeld", "BackupPathMissing", "BackupRepositoryFull"
# While one of these fires there is no backup to rely on; while one of the others does, something must be seen to.
LOST = (NEVER_SUCCEEDED, DAMAGED)
AILING = (FAILED, STALE, UNVERIFIED, LOCK_HELD, PATH_MISSING, REPOSITORY_FULL)

# Reasons that speak of what was backed up, and not of the run.
_WORTHLESS = ("damaged", "unreadable", "fewer_records", "missing_path")
OVERDUE = 1.25  # a backup takes longer on one day than on another
_HOUR, _DAY = 3600.0, 86400.0
LITTLE, _HISTORY, AHEAD = 0.3, 7 * _DAY, 14 * _DAY
_SETTLED_INTERVALS = 3


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(alert for name in cluster.backups for alert in _Rules(cluster, name).alerts())
    return [Group("backup", alerts)] if alerts else []


class _Rules:
    def __init__(self, cluster: Cluster, name: str) -> None:
        self._name = name
        self._backup: Backup = cluster.backups[name]
        self._settled = _SETTLED_INTERVALS * cluster.monitoring.scrape_interval
        # Without a state file nobody records a run; without a key not even that there was a backup.
        self._is_recorded = self._backup.state_file is not None
        self._is_listed = self._is_recorded or self._backup.passphrase_file is not None

    def alerts(self) -> Iterator[Alert]:
        if self._is_listed:
            yield self._never_succeeded()
        if self._is_recorded:
            yield from self._recorded()
        if self._backup.every is not None:
            yield self._stale(self._backup.every)
        if self._is_recorded and self._backup.verified_within is not None:
            yield self._unverified(self._backup.verified_within)
        if self._is_recorded or local_folder(self._backup.repository or "") is not None:
            yield self._lock_held(self._backup.every or _DAY)
            yield self._full()

    def _never_succeeded(self) -> Alert:
        return self._alert(
            NEVER_SUCCEEDED,
            f"{self._of(LAST_SUCCESS)} == 0",
            hold=_HOUR,
            what="has never succeeded, as far as is known.",
            meaning="Nobody has recorded a good run of it. What it should hold cannot be restored.",
        )

    def _recorded(self) -> Iterator[Alert]:
        yield self._alert(
            DAMAGED,
            f"{instant(FAILURE, backup=self._name, reason=_WORTHLESS)} == 1",
            hold=self._settled,
            severity="page",
            what="cannot be relied on: {{ $labels.operation }} says {{ $labels.reason }}.",
            meaning="The repository is damaged, or its newest archive was restored and is not what it should be. Make"
            " another backup, elsewhere, before anything else happens to the data.",
        )
        others = tuple(reason for reason in REASONS if reason not in _WORTHLESS)
        yield self._alert(
            FAILED,
            f"{instant(FAILURE, backup=self._name, reason=others)} == 1",
            hold=self._settled,
            what="failed at its last {{ $labels.operation }}: {{ $labels.reason }}.",
            meaning="Older archives are still there, as far as is known. The next run may do better.",
        )
        yield self._alert(
            PATH_MISSING,
            f"{self._of(MISSING_PATHS)} > 0",
            hold=self._settled,
            what="lacks {{ $value }} of the paths that it should hold: they were not there.",
            meaning="Borg calls that a warning and makes an archive of the rest. A file system was not mounted, or data"
            " has moved and the backup does not know.",
        )

    def _stale(self, every: float) -> Alert:
        limit = OVERDUE * every
        last = LAST_SUCCESS if self._is_listed else LAST_COMMIT
        failed = f" unless on (backup) {instant(FAILURE, backup=self._name, operation='create')} == 1"
        return self._alert(
            STALE,
            f"(time() - ({self._of(last)} > 0)) > {limit:g}{failed if self._is_recorded else ''}",
            hold=self._settled,
            what=f"is {{{{ $value | humanizeDuration }}}} old, and should be made every {human_duration(every)}.",
            meaning="Nothing has failed: nobody has run it, or the one that runs has not ended. What changed since then"
            " would be lost.",
        )

    def _unverified(self, limit: float) -> Alert:
        return self._alert(
            UNVERIFIED,
            f"time() - {self._of(RESTORE_VERIFIED)} > {limit:g} and {self._of(LAST_SUCCESS)} > 0",
            hold=_HOUR,
            what=f"was not restored and read within {human_duration(limit)}.",
            meaning="There are archives, and nobody knows whether they are worth anything. borg-verify finds out.",
        )

    def _lock_held(self, every: float) -> Alert:
        return self._alert(
            LOCK_HELD,
            f"{self._of(LOCK_AGE)} > {every / 2:g}",
            hold=self._settled,
            what="has had its repository locked for {{ $value | humanizeDuration }}.",
            meaning="Either it still runs, or who locked it was killed and left the lock behind: then every later"
            " backup fails.",
        )

    def _full(self) -> Alert:
        """A repository shrinks when it is pruned: so a week is looked at, or four backups where they are rarer.

        What is known for less than a day says nothing about two weeks.
        """
        free, whole = self._of(REPOSITORY_FREE), self._of(REPOSITORY_FILESYSTEM)
        history = max(_HISTORY, 4 * (self._backup.every or 0))
        return self._alert(
            REPOSITORY_FULL,
            f"{free} / {whole} < {LITTLE} and {forecast(REPOSITORY_FREE, history, AHEAD, backup=self._name)} < 0"
            f" and {past(REPOSITORY_FREE, _DAY, backup=self._name)}",
            hold=_HOUR,
            what="has {{ $value | humanizePercentage }} of its repository's disk left, and that is going.",
            meaning=f"At the pace of the last {human_duration(history)} it is full within {human_duration(AHEAD)}."
            " Borg needs room to delete, too: a disk that is quite full cannot be pruned.",
        )

    def _of(self, metric: Metric) -> str:
        return instant(metric, backup=self._name)

    def _alert(
        self, name: str, expr: str, *, hold: float, what: str, meaning: str, severity: Severity = "ticket"
    ) -> Alert:
        return Alert(
            name,
            expr,
            hold=hold,
            severity=severity,
            component=self._name,
            summary=f"{self._name}: the backup on {self._backup.node} {what}",
            description=meaning,
            labels={"backup": self._name, "node": self._backup.node},
        )
