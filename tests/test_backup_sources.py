"""Which sources a backup of the cluster file brings to which node."""

import pytest

from exporters.backup_sources import backup_sources
from ragpulse import cluster_file, yaml_file
from tests.fakes.rule_tests import rule_list

RECORDED = ["BackupDamaged", "BackupFailed", "BackupPathMissing"]
WATCHED = ["BackupLockHeld", "BackupRepositoryFull"]
NEVER, STALE, UNVERIFIED = "BackupNeverSucceeded", "BackupStale", "BackupUnverified"


@pytest.mark.parametrize(
    ("keys", "sources", "alerts"),
    [
        pytest.param(
            "every: 1h, state_file: /s.json", ["backup"], [NEVER, *RECORDED, STALE, UNVERIFIED, *WATCHED],
            id="a state file",
        ),
        pytest.param(
            "state_file: /s.json, verified_within: null", ["backup"], [NEVER, *RECORDED, *WATCHED],
            id="a state file, at no time, never verified",
        ),
        pytest.param(
            "state_file: /s.json, verified_within: null, repository: /r", ["backup", "backup_repository"],
            [NEVER, *RECORDED, *WATCHED], id="a state file and a folder",
        ),
        pytest.param(
            "state_file: /s.json, verified_within: null, repository: 'borg@host:r'", ["backup"],
            [NEVER, *RECORDED, *WATCHED], id="a state file and a place elsewhere",
        ),
        pytest.param("every: 1h, repository: /r", ["backup_repository"], [STALE, *WATCHED], id="a folder alone"),
        pytest.param(
            "every: 1h, repository: 'file:///r', passphrase_file: /p", ["backup_repository", "backup_archives"],
            [NEVER, STALE, *WATCHED], id="a folder with its key",
        ),
        pytest.param(
            "every: 1h, repository: 'ssh://borg@host/./r', passphrase_file: /p", ["backup_archives"], [NEVER, STALE],
            id="a place elsewhere with its key",
        ),
    ],
)  # fmt: skip
def test_what_is_known_of_a_backup_decides_what_is_read_and_who_is_told(
    keys: str, sources: list[str], alerts: list[str]
) -> None:
    text = "cluster: c\nnodes: {a: {address: 127.0.0.1}, b: {address: 127.0.0.2}}\n"
    text += f"backups: {{nightly: {{kind: borg, node: a, {keys}}}}}\n"
    cluster = cluster_file.parse(yaml_file.parse(text, "c"), "c")
    assert [planned.source.name for planned in backup_sources(cluster, "a")] == [f"{each}:nightly" for each in sources]
    assert backup_sources(cluster, "b") == []
    assert [rule["alert"] for rule in rule_list(cluster, "backup")] == alerts
