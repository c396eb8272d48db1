"""borg-run over a real Borg: what is recorded, and that the backup never suffers from the record."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from ragpulse.commands import app
from tests.fakes.borg import PASSPHRASE, PROGRAM, Repository
from tests.fakes.running import until


def test_a_backup_is_recorded_with_what_borg_counts(repository: Repository) -> None:
    (repository.data / "more").write_bytes(b"more" * 1000)
    done = repository.borg_run("create", "::second", "data")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    run = repository.run("create")
    told = json.loads(repository.borg("info", "--json", "::second").stdout)
    assert (run.exit_code, run.result, run.reason, run.missing_paths) == (0, "success", "", 0)
    assert run.start < run.end == run.last_success
    assert run.figures["original_bytes"] == pytest.approx(told["archives"][0]["stats"]["original_size"], abs=2000)
    assert run.figures["files"] == 3
    assert run.figures["repository_bytes"] == told["cache"]["stats"]["unique_csize"]
    assert 0 < run.figures["free_bytes"] < run.figures["filesystem_bytes"]
    assert repository.state.running == {}


def test_a_path_that_is_not_there_is_a_warning_that_shows_and_no_failure(repository: Repository) -> None:
    done = repository.borg_run("create", "::second", "data", "missing", "gone/too")
    run = repository.run("create")
    assert (done.returncode, run.exit_code, run.result, run.missing_paths) == (1, 1, "warning", 2)
    assert run.last_success == run.end
    assert "missing: [Errno 2] No such file" in done.stderr, "what Borg says is still said"
    assert repository.borg_run("create", "::third", "data").returncode == 0
    assert repository.run("create").missing_paths == 0


def test_who_asks_borg_for_its_output_gets_it(repository: Repository) -> None:
    done = repository.borg_run("create", "--json", "--list", "::second", "data")
    assert json.loads(done.stdout)["archive"]["name"] == "second"
    assert "A data/large" in done.stderr
    assert repository.run("create").figures["files"] == 2
    done = repository.borg_run("prune", "--list", "--keep-last", "1")
    assert "Keeping archive" in done.stderr
    assert repository.run("prune").result == "success"


def test_a_program_that_reads_borgs_words_gets_them_as_borg_writes_them(repository: Repository) -> None:
    done = repository.borg_run("create", "--log-json", "--list", "::second", "data", "missing")
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"type": "file_status", "status": "A", "path": "data/large"} in told
    assert repository.run("create").missing_paths == 1


def test_a_passphrase_in_an_open_file_reaches_borg(repository: Repository) -> None:
    command = " ".join(map(shlex.quote, [*repository.command("borg-run"), "create", "::second", "data"]))
    (repository.folder / "passphrase").write_text(PASSPHRASE)
    shell = f"unset BORG_PASSPHRASE; BORG_PASSPHRASE_FD=7 exec {command} 7<passphrase"
    assert repository.finished(["sh", "-c", shell]).returncode == 0
    assert repository.run("create").result == "success"


def test_what_is_not_recorded_is_handed_to_borg_as_it_stands(repository: Repository) -> None:
    command = repository.command("borg-run")
    assert repository.finished([*command, "list", "--short"]).stdout == "first\n"
    assert repository.finished([*command, "--version"]).stdout.startswith("borg 1.")
    assert not repository.state_file.exists()


def test_a_failure_has_its_reason_and_keeps_what_was_known_before(repository: Repository) -> None:
    assert repository.borg_run("create", "::second", "data").returncode == 0
    good = repository.run("create")
    wrong = repository.borg_run("create", "::third", "data", BORG_PASSPHRASE="another")
    run = repository.run("create")
    assert (wrong.returncode, run.exit_code, run.result, run.reason) == (2, 2, "failed", "passphrase")
    assert run.message_id == "PassphraseWrong"
    assert (run.last_success, run.figures) == (good.last_success, good.figures)
    repository.borg_run("create", "::third", "data", BORG_REPO=str(repository.folder / "nowhere"))
    assert repository.run("create").reason == "repository"
    assert repository.borg_run("create", "::second", "data").returncode == 2
    assert (repository.run("create").reason, repository.run("create").message_id) == ("other", "Archive.AlreadyExists")


def test_a_damaged_repository_is_what_a_check_says(repository: Repository) -> None:
    assert repository.borg_run("check").returncode == 0
    assert repository.run("check").result == "success"
    repository.damage()
    assert repository.borg_run("check").returncode == 1
    run = repository.run("check")
    assert (run.result, run.reason) == ("failed", "damaged")
    assert run.last_success < run.end


def test_a_lock_is_waited_for_and_when_that_was_in_vain_it_says_so(repository: Repository) -> None:
    with repository.being_backed_up():
        done = repository.borg_run("create", "--lock-wait", "0", "::second", "data")
        run = repository.run("create")
        assert (done.returncode, run.result, run.reason, run.message_id) == (2, "failed", "locked", "LockTimeout")
        waiting = repository.start("borg-run", "create", "::second", "data")
        until(lambda: "600" in words_of_children(waiting.pid), "a Borg that waits for the lock")
    assert waiting.wait(60) == 0
    assert repository.run("create").result == "success"


def words_of_children(pid: int) -> list[str]:
    return [word for child in psutil.Process(pid).children() for word in child.cmdline()]


def keep_writing_to(running: subprocess.Popen[bytes]) -> None:
    """Until nobody reads it any more."""
    assert running.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        while True:
            os.write(running.stdin.fileno(), b"x" * 65_536)


def test_who_ends_it_ends_borg_and_the_next_run_is_not_kept_out(repository: Repository) -> None:
    with repository.being_backed_up(*repository.command("borg-run")) as running:
        [recorded] = repository.state.running.values()
        assert recorded.operation == "create"
        running.send_signal(signal.SIGTERM)
        # Borg may be about to read: it looks at its signals only when enough for one more chunk has come in.
        keep_writing_to(running)
        assert running.wait(60) == 143
    run = repository.run("create")
    assert (run.result, run.reason, run.message_id) == ("failed", "interrupted", "Signal.SIGTERM")
    assert repository.state.running == {}
    # Borg mostly gives its lock back; where the signal found it between two steps, the next one knows that it is stale.
    assert repository.borg_run("check").returncode == 0


def test_one_that_was_killed_is_not_said_to_run_for_ever(repository: Repository) -> None:
    with repository.being_backed_up(*repository.command("borg-run")) as running:
        running.kill()
        running.wait(60)
        assert list(repository.state.running) == [str(running.pid)]
        assert running.stdin is not None
        running.stdin.close()
        until(lambda: not (repository.path / "lock.exclusive").exists(), "the end of the Borg that was left behind")
    assert repository.borg_run("check").returncode == 0
    assert repository.state.running == {}


def test_a_disk_without_room_is_its_own_reason(repository: Repository) -> None:
    # No file may grow beyond 8 KiB: enough for the record, too little for a segment.
    done = repository.borg_run("create", "::second", "data", under=("sh", "-c", 'ulimit -f 16; exec "$@"', "sh"))
    run = repository.run("create")
    assert (done.returncode, run.result, run.reason) == (2, "failed", "no_space")


def test_a_record_that_cannot_be_written_is_told_and_the_backup_is_made(repository: Repository) -> None:
    repository.state_file.mkdir()
    done = repository.borg_run("create", "::second", "data")
    assert done.returncode == 0
    assert set(done.stderr.splitlines()) == {f"borg-run: {repository.state_file}: Is a directory; nothing is recorded"}
    assert repository.borg("list", "--short").stdout == "first\nsecond\n"


def test_a_state_file_of_a_newer_version_is_left_alone(repository: Repository) -> None:
    repository.state_file.write_text('{"version": 2}')
    done = repository.borg_run("check")
    assert done.returncode == 0
    assert "was written by a newer ragpulse" in done.stderr
    assert repository.state_file.read_text() == '{"version": 2}'


def test_no_secret_path_or_command_line_is_recorded(repository: Repository) -> None:
    repository.borg_run("create", "--comment", "a comment", "::second", "data", "missing")
    repository.borg_run("create", "::third", "data", BORG_PASSPHRASE="another-passphrase")
    text = repository.state_file.read_text()
    for secret in (PASSPHRASE, "another-passphrase", "comment", "second", "data", "missing/", str(repository.folder)):
        assert secret not in text


def test_a_hook_records_how_it_went(repository: Repository) -> None:
    assert repository.borg_run("record", "create", "0").returncode == 0
    success = repository.run("create").last_success
    assert repository.borg_run("record", "create", "2").returncode == 0
    run = repository.run("create")
    assert (run.result, run.exit_code, run.last_success) == ("failed", 2, success)


@pytest.mark.parametrize(
    "arguments",
    [(), ("record",), ("record", "create"), ("record", "create", "well"), ("record", "break", "0"),
     ("record", "create", "0", "0")],
)  # fmt: skip
def test_wrong_usage_is_refused_before_anything_is_run(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        app.main(["borg-run", "--state", str(tmp_path / "state.json"), *arguments])
    assert ended.value.code == 2
    assert not list(tmp_path.iterdir())


def test_where_there_is_no_borg_one_line_says_so(repository: Repository) -> None:
    command = repository.command("borg-run", program="no-such-borg")
    done = repository.finished([*command, "create", "::second", "data"])
    assert done.returncode == 1
    assert done.stderr == "no-such-borg: No such file or directory; install BorgBackup, or name it by --borg\n"
    assert repository.state.running == {}


def test_the_shell_script_calls_it(repository: Repository) -> None:
    script = f"{__file__.rpartition('/tests/')[0]}/documents/scripts/borg-run"
    done = repository.finished([script, "--state", str(repository.state_file), "--borg", PROGRAM, "check"])
    assert (done.returncode, repository.run("check").result) == (0, "success")
