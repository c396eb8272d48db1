"""The state file under several writers: never torn, nothing lost."""

import fcntl
import multiprocessing
from pathlib import Path

import pytest

from ragpulse.borg import state_file
from ragpulse.borg.state import Run, State, StateError

WRITERS, TIMES = 4, 25


def counted(state: State) -> State:
    before = state.runs["create"].figures["files"] if "create" in state.runs else 0.0
    return state.with_run("create", Run(1, 2, 0, "success", figures={"files": before + 1}))


def write_often(file: Path) -> None:
    for _ in range(TIMES):
        state_file.update(file, counted)


def test_several_writers_lose_nothing_and_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    file = tmp_path / "made" / "state.json"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_often, args=(file,)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    reads = 0
    while any(writer.is_alive() for writer in writers):
        state_file.read(file)  # raises for a file that is torn
        reads += 1
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    found = state_file.read(file)
    assert found is not None
    assert found.runs["create"].figures["files"] == WRITERS * TIMES
    assert reads > WRITERS
    assert {path.name for path in file.parent.iterdir()} == {"state.json", "state.json.lock"}


def test_what_a_killed_writer_left_behind_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".state.json.abcdefgh").write_text("half")
    state_file.update(tmp_path / "state.json", counted)
    assert {path.name for path in tmp_path.iterdir()} == {"state.json", "state.json.lock"}


def test_a_lock_that_is_never_given_back_does_not_hold_a_backup_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_file, "_PATIENCE", 0.1)
    with (tmp_path / "state.json.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StateError, match=r"state\.json\.lock: held by another program for 0\.1 s"):
            state_file.update(tmp_path / "state.json", counted)
    state_file.update(tmp_path / "state.json", counted)


def test_garbage_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("garbage")
    state_file.update(tmp_path / "state.json", counted)
    assert state_file.read(tmp_path / "state.json") is not None


def test_everybody_may_read_it_and_only_its_owner_write(tmp_path: Path) -> None:
    state_file.update(tmp_path / "state.json", counted)
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o644
