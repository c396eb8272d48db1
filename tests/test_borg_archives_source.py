"""Borg asked for its newest archive, beside backups that run: neither waits for the other, nor fails."""

from pathlib import Path

import pytest

from exporters import borg_archives
from exporters.borg_archives import BorgArchives
from exporters.source import PartError
from tests.fakes.borg import PASSPHRASE, PROGRAM, Repository
from tests.fakes.clocks import Standing


def source(repository: Repository, clock: Standing | None = None, **other: str) -> BorgArchives:
    file = repository.folder / "passphrase"
    file.write_text(f"{other.get('passphrase', PASSPHRASE)}\n")
    return BorgArchives(
        "nightly",
        other.get("place", str(repository.path)),
        file,
        program=other.get("program", PROGRAM),
        clock=(clock or Standing()).clocks.since_boot,
    )


def told(source: BorgArchives) -> tuple[float | None, str]:
    """The newest archive, and what is wrong."""
    found: float | None = None
    try:
        for sample in source.read():
            found = sample.value
    except PartError as error:
        return found, str(error)
    return found, ""


def test_the_newest_archive_is_told_in_unix_time_whatever_the_zone(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Chatham")
    begun = (repository.path / "README").stat().st_mtime  # the repository was made right before its first archive
    newest, error = told(source(repository))
    assert error == ""
    assert newest is not None
    assert newest == pytest.approx(begun, abs=30)


def test_a_backup_that_runs_is_watched_and_neither_fails(repository: Repository) -> None:
    watching = source(repository)
    with repository.being_backed_up() as running:
        assert repository.borg("list").returncode == 2, "who takes the lock fails"
        newest, error = told(watching)
        assert (error, newest is not None) == ("", True)
        assert running.poll() is None
    assert running.returncode == 0


def test_it_leaves_nothing_behind_and_takes_no_lock(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(repository.folder / "tmp"))
    (repository.folder / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    before = [(path, path.stat().st_mtime_ns) for path in sorted(repository.path.rglob("*"))]
    assert told(source(repository))[1] == ""
    assert before == [(path, path.stat().st_mtime_ns) for path in sorted(repository.path.rglob("*"))]
    assert not list((repository.folder / "tmp").iterdir())


def test_a_repository_without_archives_has_never_succeeded(repository: Repository) -> None:
    assert repository.borg("delete", "::first").returncode == 0
    assert told(source(repository)) == (0.0, "")


def test_borg_is_asked_seldom_and_what_it_said_is_told_in_between(repository: Repository) -> None:
    clock = Standing()
    watching = source(repository, clock)
    first = told(watching)
    assert repository.borg("delete", "::first").returncode == 0
    clock.live(890)
    assert told(watching) == first
    clock.live(20)
    assert told(watching) == (0.0, "")


def test_one_look_that_fails_is_told_once_the_second_until_borg_answers(repository: Repository) -> None:
    clock = Standing()
    watching = source(repository, clock)
    newest, _ = told(watching)
    away = repository.path.rename(repository.folder / "away")
    clock.live(901)
    wrong = "borg list: repository (Repository.DoesNotExist)"
    assert told(watching) == (newest, wrong)
    assert told(watching) == (newest, "")
    clock.live(301)
    assert [told(watching), told(watching)] == [(newest, wrong)] * 2
    away.rename(repository.path)
    clock.live(301)
    assert told(watching) == (newest, "")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"passphrase": "another"}, "borg list: passphrase (PassphraseWrong)"),
        ({"place": "/no/where"}, "borg list: repository (Repository.DoesNotExist)"),
        ({"program": "no-such-borg"}, "no-such-borg: No such file or directory; install BorgBackup"),
    ],
)
def test_where_nothing_is_known_every_run_says_why(repository: Repository, wrong: dict[str, str], said: str) -> None:
    watching = source(repository, None, **wrong)
    for _ in range(2):
        newest, error = told(watching)
        assert newest is None
        assert error.startswith(said)


def test_a_borg_that_hangs_is_killed_with_all_that_it_started(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(borg_archives, "_WITHIN", 0.3)
    program = tmp_path / "hanging-borg"
    program.write_text("#!/bin/sh\nsleep 600 & sleep 600\n")
    program.chmod(0o700)
    # It would go on for ten minutes if a grandchild kept our pipe open.
    assert told(source(repository, program=str(program))) == (None, "borg list did not end within 0.3 s")
