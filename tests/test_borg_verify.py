"""borg-verify over a real Borg: what counts as proof, and each way in which there is none."""

import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from exporters.borg_state import BorgState
from ragpulse.borg.opened import UnreadableError, contents
from ragpulse.borg.scratch import scratch
from ragpulse.catalogue.backup import FAILURE, RESTORE_VERIFIED, RESULT
from tests.fakes.borg import PROGRAM, Repository, make_database
from tests.fakes.chroma_server import ChromaServer, Generation, each_chroma, environment
from tests.fakes.confined import WITHOUT_RIGHTS
from tests.fakes.running import until


def told(repository: Repository) -> dict[str, float]:
    """What the agent says of the last verification."""
    found = {}
    for sample in BorgState("nightly", repository.state_file, every=None, looks_inside=False).read():
        if sample.metric is RESTORE_VERIFIED:
            found["verified"] = sample.value
        elif sample.metric in {RESULT, FAILURE} and sample.labels[1] == "verify" and sample.value:
            found[sample.labels[2]] = sample.value
    return found


def test_the_newest_archive_is_restored_opened_counted_and_told(repository: Repository) -> None:
    make_database(repository.data / "more.db", 11)
    assert repository.borg("create", "::second", "data").returncode == 0
    done = repository.borg_verify()
    assert done.returncode == 0
    assert "second: 3 files," in done.stdout
    assert "111 records (SQLite databases: 2); verified in" in done.stdout
    run = repository.run("verify")
    assert (run.result, run.figures["records"]) == ("success", 111)
    assert 1_000_000 < run.figures["restored_bytes"] < 1_100_000
    assert run.figures["archive_start"] <= run.start < run.end
    assert told(repository) == {"verified": run.end, "success": 1}


def test_a_damaged_segment_flips_what_is_told_in_the_same_verification(repository: Repository) -> None:
    assert repository.borg_verify().returncode == 0
    verified = told(repository)["verified"]
    repository.damage()
    assert repository.borg("list").returncode == repository.borg("info").returncode == 0, "neither sees it"
    done = repository.borg_verify()
    assert done.returncode == 1
    assert "Data integrity error" in done.stderr
    assert told(repository) == {"verified": verified, "failed": 1, "damaged": 1}


@pytest.mark.parametrize(
    ("arguments", "environment", "reason", "words"),
    [
        pytest.param((), {"BORG_PASSPHRASE": "another"}, "passphrase", "is incorrect", id="a wrong passphrase"),
        pytest.param((), {"BORG_PASSPHRASE": ""}, "passphrase", "borg list: passphrase", id="an empty passphrase"),
        pytest.param(("--repository", "/no/where"), {}, "repository", "does not exist", id="no repository"),
        pytest.param(
            ("nowhere",),
            {},
            "missing_path",
            "borg extract: missing path: Include pattern 'nowhere' never matched.",
            id="a path that was not backed up",
        ),
        pytest.param(("--archives", "other-*"), {}, "no_archive", "holds no archive", id="no archive of this backup"),
        pytest.param(("--scratch", "/no/where"), {}, "other", "name another --scratch", id="no folder for the scratch"),
    ],
)
def test_each_way_to_fail_has_its_reason_and_one_line(
    repository: Repository, arguments: tuple[str, ...], environment: dict[str, str], reason: str, words: str
) -> None:
    done = repository.borg_verify(*arguments, under=(), **environment)
    assert (done.returncode, repository.run("verify").reason) == (1, reason)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert told(repository) == {"verified": 0, "failed": 1, reason: 1}


def test_a_repository_that_is_locked_is_not_one_that_is_damaged(repository: Repository) -> None:
    with repository.being_backed_up():
        assert repository.borg_verify("--lock-wait", "0").returncode == 1
    assert repository.run("verify").reason == "locked"


def test_a_scratch_that_fills_up_is_its_own_reason(repository: Repository) -> None:
    # No file may grow beyond 128 KiB: the record fits, what is restored does not.
    done = repository.borg_verify(under=("sh", "-c", 'ulimit -f 256; exec "$@"', "sh"))
    assert (done.returncode, repository.run("verify").reason) == (1, "no_space")


@pytest.mark.parametrize("paths", [(), ("data/large",)], ids=["everything", "one path"])
def test_nothing_is_restored_where_it_would_not_fit(
    repository: Repository, paths: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ragpulse.borg import verify  # noqa: PLC0415 - beside what is replaced in it
    from ragpulse.borg.call import Borg  # noqa: PLC0415

    little = shutil.disk_usage("/")._replace(free=1_040_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: little)
    asked = verify.Verification(
        Borg(PROGRAM, repository.environment), repository.state_file, paths=paths, scratch=repository.folder
    )
    said: list[str] = []
    with pytest.raises(verify.UnprovenError, match=r"has room for 1040000 bytes and 10[5-9]") as caught:
        asked.run(said.append)
    assert (caught.value.reason, said) == ("no_space", [])


def test_a_database_that_was_copied_while_it_was_written_is_found_out(repository: Repository) -> None:
    database = repository.data / "entries.db"
    content = bytearray(database.read_bytes())
    content[4096 + 100 : 4096 + 3000] = b"x" * 2900
    database.write_bytes(content)
    assert repository.borg("create", "::second", "data").returncode == 0
    done = repository.borg_verify()
    assert (done.returncode, repository.run("verify").reason) == (1, "unreadable")
    assert "entries.db" in done.stderr


def test_an_archive_with_far_fewer_records_than_the_last_is_no_proof_until_somebody_says_so(
    repository: Repository,
) -> None:
    assert repository.borg_verify().returncode == 0
    with closing(sqlite3.connect(repository.data / "entries.db")) as database, database:
        database.execute("DELETE FROM entry WHERE rowid > 50")
    assert repository.borg("create", "::half", "data").returncode == 0
    assert repository.borg_verify().returncode == 0
    with closing(sqlite3.connect(repository.data / "entries.db")) as database, database:
        database.execute("DELETE FROM entry WHERE rowid > 24")
    assert repository.borg("create", "::less", "data").returncode == 0
    done = repository.borg_verify()
    assert (done.returncode, repository.run("verify").reason) == (1, "fewer_records")
    assert "holds 24 records, and the one that was verified last held 50" in done.stderr
    assert repository.borg_verify("--accept-fewer").returncode == 0


def test_who_ends_it_leaves_no_scratch_and_the_reason(repository: Repository) -> None:
    slow = repository.folder / "slow-borg"
    slow.write_text(f'#!/bin/sh\n[ "$1" != extract ] || {{ touch {repository.folder}/began; exec sleep 600; }}\n')
    slow.write_text(slow.read_text() + f'exec "{PROGRAM}" "$@"\n')
    slow.chmod(0o700)
    place = repository.folder / "place"
    place.mkdir()
    started = repository.start("borg-verify", "--scratch", str(place), program=str(slow))
    until((repository.folder / "began").exists, "a restore that runs")
    assert len(list(place.iterdir())) == 1
    started.send_signal(signal.SIGTERM)
    assert started.wait(60) == 1
    assert not list(place.iterdir())
    assert repository.run("verify").reason == "interrupted"


def test_what_was_restored_is_removed_also_where_it_is_write_protected(repository: Repository) -> None:
    locked = repository.data / "locked"
    locked.mkdir()
    (locked / "file").write_text("x")
    locked.chmod(0o500)
    assert repository.borg("create", "::second", "data").returncode == 0
    assert repository.borg_verify(under=WITHOUT_RIGHTS).returncode == 0


def test_what_a_killed_one_left_is_removed_by_the_next(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    left, other = tmp_path / f"ragpulse-verify-{dead.pid}-x", tmp_path / "somebody-else"
    for folder in (left, other):
        folder.mkdir()
        (folder / "restored").touch()
    with scratch(tmp_path) as mine:
        assert {path.name for path in tmp_path.iterdir()} == {mine.name, other.name}


def test_a_process_that_was_started_meanwhile_ends_with_the_scratch_and_no_other(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "600"])
    with scratch(tmp_path):
        meanwhile = subprocess.Popen(["sleep", "600"])
    assert meanwhile.wait(60) == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    other.wait(60)


def test_a_file_that_only_begins_like_a_database_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "odd.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 200)
    with pytest.raises(UnreadableError, match=r"odd\.db: SQLite"):
        contents(tmp_path)


@each_chroma
def test_a_real_chroma_serves_what_was_restored(
    generation: Generation, chroma: ChromaServer, repository: Repository
) -> None:
    assert repository.borg("create", "::chroma", chroma.data).returncode == 0
    program = str(environment(generation) / "bin" / "chroma")
    done = repository.borg_verify("--archives", "chroma", "--chroma", program)
    assert (done.returncode, done.stderr) == (0, "")
    assert "340 records (SQLite databases: 1; Chroma serves 340)" in done.stdout
    assert repository.run("verify").figures["records"] == 340


def test_a_chroma_that_does_not_start_over_it_is_no_proof(repository: Repository) -> None:
    (repository.data / "entries.db").rename(repository.data / "chroma.sqlite3")
    with closing(sqlite3.connect(repository.data / "chroma.sqlite3")) as database, database:
        database.execute("CREATE TABLE embeddings (id TEXT)")
    assert repository.borg("create", "::chroma", "data").returncode == 0
    done = repository.borg_verify("--chroma", "false")
    assert (done.returncode, repository.run("verify").reason) == (1, "unreadable")
    assert "Chroma does not start over it: it ended with status 1" in done.stderr
