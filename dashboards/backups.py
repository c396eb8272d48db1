"""Backups on the board of retrieval: how old, how large, restored when, and is there room for the next?"""

from collections.abc import Iterator

from alerts.backup import LITTLE, OVERDUE
from dashboards import retrieval_queries as asked
from dashboards.panel import Folded, Panel, Row
from dashboards.panels import BAD, GOOD, WARNING, Column, Key, Limits, Line, table, trend
from ragpulse.catalogue import backup

_HEIGHT = 8
_SECONDS, _BYTES, _RATIO = "s", "bytes", "percentunit"
_ALL_BUT_FULL = 0.05
# 0 and 1 are Borg's own; everything above is an error or a signal.
_EXIT_CODES = {0: ("Good", GOOD), 1: ("Warnings", WARNING), 2: ("Failed", BAD)}


def rows() -> Iterator[Row | Folded]:
    yield Row([_table()], _HEIGHT, "Backups")
    yield Folded("Backups over time", [Row([_sizes(), _durations(), _repository()], _HEIGHT)])


def _table() -> Panel:
    return table(
        "Backups",
        "Each backup now: how old its last success is, in itself and of the time that it may take, when it was last"
        " restored and read, and how much room is left. Red or orange: its alert names the reason; empty: never.",
        [Key("backup", "Backup")],
        [
            Column(asked.backups()),
            Column(asked.backup_age(backup.LAST_SUCCESS), "Age", _SECONDS),
            Column(asked.backup_overdue(), "Of interval", _RATIO, Limits(warning=1, bad=OVERDUE), decimals=0),
            Column(asked.backup_reading(backup.LAST_EXIT_CODE), "Last run", words=_EXIT_CODES),
            Column(asked.backup_age(backup.CHECK_SUCCESS), "Checked ago", _SECONDS),
            Column(asked.backup_age(backup.RESTORE_VERIFIED), "Restored ago", _SECONDS),
            Column(asked.backup_reading(backup.RECORDS), "Records restored"),
            Column(asked.backup_reading(backup.MISSING_PATHS), "Missing paths", limits=Limits(warning=1, bad=1)),
            Column(asked.backup_reading(backup.LOCK_AGE), "Locked for", _SECONDS),
            Column(asked.repository_left(), "Room left", _RATIO, Limits(warning=LITTLE, bad=_ALL_BUT_FULL)),
        ],
        without_data="Nothing is known of any backup",
    )


def _sizes() -> Panel:
    return trend(
        "Size of the last archive",
        "What the last archive holds, packs, and adds to the repository. A step down: a source was empty or not"
        " mounted; look before the older archives are pruned.",
        [Line(asked.sizes(), "{{backup}} {{kind}}")],
        _BYTES,
    )


def _durations() -> Panel:
    return trend(
        "Duration of the last run",
        "How long the last run of each operation took. Growing faster than the sizes: the way to the repository, or its"
        " disk, is slower than it was.",
        [Line(asked.durations(), "{{backup}} {{operation}}")],
        _SECONDS,
    )


def _repository() -> Panel:
    return trend(
        "Room for the repository",
        "Share of the repository's file system that is free. Below the limit and shrinking it earns a ticket: Borg"
        " needs room to prune, too.",
        [Line(asked.repository_left(), "{{backup}}")],
        _RATIO,
        top=1,
        limits=Limits(warning=LITTLE, bad=_ALL_BUT_FULL),
    )
