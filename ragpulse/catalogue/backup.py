"""Backups: when did one succeed, can it be restored, how large is it, and what stands in its way?"""

from ragpulse.metric import gauge

LAST_SUCCESS = gauge(
    "ragpulse_backup_last_success_timestamp_seconds",
    "Unix time at which the last good backup ended, with warnings or without; 0 when there was none. Read from the"
    " repository itself it is when the newest archive was begun.",
    "backup",
)
LAST_EXIT_CODE = gauge("ragpulse_backup_last_exit_code", "Exit status of the last backup.", "backup")
RESTORE_VERIFIED = gauge(
    "ragpulse_backup_restore_verified_timestamp_seconds",
    "Unix time at which an archive was last restored, opened and counted; 0 when none was.",
    "backup",
)
CHECK_SUCCESS = gauge(
    "ragpulse_backup_check_last_success_timestamp_seconds",
    "Unix time at which a check last found the repository undamaged; 0 when none did.",
    "backup",
)
RESULT = gauge(
    "ragpulse_backup_result",
    "How the last run of an operation ended: 1 for its result.",
    "backup",
    "operation",
    "result",
)
FAILURE = gauge(
    "ragpulse_backup_failure",
    "1 for the reason why the last run of an operation failed; no series for one that did not.",
    "backup",
    "operation",
    "reason",
)
DURATION = gauge("ragpulse_backup_duration_seconds", "Duration of the last run of an operation.", "backup", "operation")
MISSING_PATHS = gauge(
    "ragpulse_backup_missing_paths", "Paths that should have been backed up and were not there.", "backup"
)
SIZE = gauge("ragpulse_backup_size_bytes", "Size of the last archive that was made, by kind.", "backup", "kind")
FILES = gauge("ragpulse_backup_files", "Files in the last archive that was made.", "backup")
RECORDS = gauge("ragpulse_backup_verified_records", "Records in the archive that was verified last.", "backup")
REPOSITORY_SIZE = gauge(
    "ragpulse_backup_repository_bytes", "What all archives of the repository take together on disk.", "backup"
)
REPOSITORY_FREE = gauge("ragpulse_backup_repository_free_bytes", "Room on the file system of the repository.", "backup")
REPOSITORY_FILESYSTEM = gauge(
    "ragpulse_backup_repository_filesystem_bytes", "Size of the file system of the repository.", "backup"
)
LAST_COMMIT = gauge(
    "ragpulse_backup_repository_last_commit_timestamp_seconds",
    "Unix time at which anything in the repository last changed: a backup, or a prune.",
    "backup",
)
LOCK_AGE = gauge(
    "ragpulse_backup_lock_age_seconds", "How long the repository has been locked so far; 0 when it is not.", "backup"
)
INTERVAL = gauge("ragpulse_backup_interval_seconds", "Configured time between two backups.", "backup")
