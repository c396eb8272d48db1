"""A disk that is full, a folder that cannot be written, files of a crash: one line says what to do, nothing is lost."""

import errno
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from ragpulse import atomic, refusal
from ragpulse.commands import down, status
from ragpulse.refusal import NoPlaceError, NoRoomError
from ragpulse.stack.identity import Identity, members
from ragpulse.stack.state import Plan, State
from ragpulse.stack.stop import stop
from tests.fakes.confined import WITHOUT_RIGHTS, WITHOUT_ROOM, ragpulse
from tests.fakes.running import free_ports
from tests.fakes.small_processes import sleeper

CLUSTER = """\
cluster: small
nodes:
  one: {{address: 127.0.0.1, port: {port}}}
  two: {{address: 127.0.0.2}}
monitoring: {{nodes: [two]}}
"""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    yield state
    stop(state)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A node that only has an agent."""
    config = tmp_path / "cluster.yaml"
    config.write_text(CLUSTER.format(port=free_ports(1)[0]))
    return config


def up(config: Path, state: State, under: tuple[str, ...] = ()) -> tuple[int, str, str]:
    return ragpulse("up", "--config", config, "--node", "one", "--state", state.folder, under=under)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_up_on_a_full_disk_says_which_file_how_much_is_free_and_what_to_do(state: State, config: Path) -> None:
    code, _, said = up(config, state, WITHOUT_ROOM)
    assert code == 1
    assert re.fullmatch(
        rf"{state.folder}/cluster\.yaml: files may not become as large \(ulimit -f\) \([\d.]+ MB are free\): "
        r"make room there, or name a folder on another disk with --state\n",
        said,
    )
    assert set(files(state.folder)) == {"run/up.lock"}, "nothing half-written"
    assert members(state.folder) == []


def test_a_full_disk_costs_nothing_that_runs_and_down_needs_no_room(state: State, config: Path) -> None:
    assert up(config, state)[0] == 0
    before, running, plan = state.cluster_file.read_bytes(), members(state.folder), state.plan()
    config.write_text(f"{config.read_text()}# changed\n")
    code, _, said = up(config, state, WITHOUT_ROOM)
    assert (code, said.count("\n")) == (1, 1)
    assert (state.cluster_file.read_bytes(), members(state.folder), state.plan()) == (before, running, plan)
    code, shown, _ = ragpulse("status", "--state", state.folder, under=WITHOUT_ROOM)
    assert (code, "agent-one" in shown) == (0, True)
    code, shown, said = ragpulse("down", "--state", state.folder, under=WITHOUT_ROOM)
    assert (code, said) == (0, "")
    assert "none is left and all 1 ports are free again" in shown
    assert members(state.folder) == []


def test_generate_on_a_full_disk_leaves_every_file_as_it_was(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert ragpulse("generate", "--config", config, "--out", out)[0] == 0
    before = files(out)
    config.write_text(config.read_text().replace("cluster: small", "cluster: other"))
    code, shown, said = ragpulse("generate", "--config", config, "--out", out, under=WITHOUT_ROOM)
    assert (code, shown, said.count("\n")) == (1, "", 1)
    assert said.endswith("name a folder on another disk with --out\n")
    assert files(out) == before


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder that can be looked at and not be written."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    yield folder
    folder.chmod(0o755)


def test_up_in_a_folder_that_cannot_be_written_names_the_setting(closed: Path, config: Path) -> None:
    code, _, said = up(config, State(closed / "state"), WITHOUT_RIGHTS)
    assert code == 2
    assert said == (
        f"{closed}/state: Permission denied: name a folder that you can write to with --state, or put this right\n"
    )


def test_generate_into_a_folder_that_cannot_be_written_names_the_setting(closed: Path, config: Path) -> None:
    code, shown, said = ragpulse("generate", "--config", config, "--out", closed / "out", under=WITHOUT_RIGHTS)
    assert (code, shown, said.count("\n")) == (2, "", 1)
    assert re.match(rf"{closed}/out: Permission denied: name a folder .* with --out", said)


@pytest.mark.parametrize("verb", ["status", "down"])
def test_a_state_folder_of_somebody_else_is_told_in_one_line(verb: str, state: State) -> None:
    state.prepare()
    run = state.folder / "run"
    run.chmod(0)
    code, shown, said = ragpulse(verb, "--state", state.folder, under=WITHOUT_RIGHTS)
    run.chmod(0o755)
    assert (code, shown, said.count("\n")) == (2, "", 1)
    assert said.startswith(f"{run}/plan.json: Permission denied: name a folder")


def test_a_state_folder_that_is_a_file_is_told_in_one_line(tmp_path: Path, config: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("somebody's")
    code, _, said = up(config, State(notes))
    assert (code, said.count("\n")) == (2, 1)
    assert "with --state" in said
    assert notes.read_text() == "somebody's"


def test_down_ends_everything_also_where_it_can_remove_nothing(state: State) -> None:
    state.prepare()
    state.write_plan(Plan("digest", demo=False, config_file="c", processes=(sleeper("one"),)))
    run = state.folder / "run"
    run.chmod(0o555)
    code, _, said = ragpulse("down", "--state", state.folder, under=WITHOUT_RIGHTS)
    run.chmod(0o755)
    assert code == 1
    assert said == (
        f"all processes are stopped, but {run}/plan.json cannot be removed: Permission denied; remove it by hand\n"
    )


@pytest.mark.parametrize(
    ("number", "kind", "exit_code", "words"),
    [
        (errno.ENOSPC, NoRoomError, 1, "no space left"),
        (errno.EDQUOT, NoRoomError, 1, "the disk quota is used up"),
        (errno.EROFS, NoPlaceError, 2, "Read-only file system: name a folder that you can write to with --state"),
        (errno.EACCES, NoPlaceError, 2, "Permission denied"),
        (errno.ENOTDIR, NoPlaceError, 2, "Not a directory"),
    ],
    ids=lambda value: errno.errorcode.get(value) if isinstance(value, int) else None,
)
def test_each_refusal_of_the_system_has_its_words(
    tmp_path: Path, number: int, kind: type[Exception], exit_code: int, words: str
) -> None:
    file = tmp_path / "state" / "run" / "plan.json"
    with pytest.raises(kind, match=re.escape(f"{file}: {words}")) as caught, refusal.told(tmp_path, "--state"):
        raise OSError(number, os.strerror(number), str(file))
    assert getattr(caught.value, "exit_code", None) == exit_code


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC])
@pytest.mark.parametrize("file", ["/etc/shadow", None], ids=["another file", "standard output"])
def test_a_refusal_elsewhere_is_not_blamed_on_the_folder(tmp_path: Path, number: int, file: str | None) -> None:
    error = OSError(number, os.strerror(number), file)
    with pytest.raises(OSError) as caught, refusal.told(tmp_path / "state", "--state"):  # noqa: PT011 - this very one
        raise error
    assert caught.value is error


def test_a_disk_without_inodes_is_full_whatever_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = os.statvfs(tmp_path)
    full = os.statvfs_result((*disk[:5], 1000, 0, 0, *disk[8:]))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    with pytest.raises(NoRoomError, match="no more files fit"), refusal.told(tmp_path, "--state"):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "file"))


@pytest.mark.parametrize("moment", ["fsync", "chmod", "replace"])
def test_a_write_that_fails_at_any_moment_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    file = tmp_path / "one.json"
    atomic.write(file, "old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os if moment == "fsync" else Path, moment, fail)
    with pytest.raises(OSError, match="No space left") as caught:
        atomic.write(file, "new")
    monkeypatch.undo()
    assert caught.value.filename == str(file), "the name that is known, not that of the temporary file"
    assert files(tmp_path) == {"one.json": b"old"}


def test_of_several_files_none_is_replaced_when_one_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("old")
    (tmp_path / "second").touch()
    with pytest.raises(OSError, match="second"):
        atomic.write_all({tmp_path / "first": "new", tmp_path / "second" / "below a file": "new"})
    assert files(tmp_path) == {"first": b"old", "second": b""}


HALF = b'{"digest": "ab'
OF_ANOTHER_VERSION = b'{"schema": 9}'
NO_TEXT = b"\xff\x00\xfe"


@pytest.mark.parametrize("content", [b"", HALF, OF_ANOTHER_VERSION, NO_TEXT], ids=["empty", "half", "other", "bytes"])
@pytest.mark.parametrize("name", ["plan.json", "supervisor.json", "processes.json"])
def test_a_file_of_a_crash_is_told_and_down_removes_it(
    state: State, capsys: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    state.prepare()
    file = state.folder / "run" / name
    file.write_bytes(content)
    with pytest.raises(typer.Exit) as caught:
        status.status(state.folder)
    assert caught.value.exit_code == 1
    shown = capsys.readouterr().out
    assert f"{file} is damaged, or of another version" in shown
    assert "down" in shown
    down.down(state.folder)
    assert capsys.readouterr().out.startswith(f"{file} is damaged, or of another version: removed")
    assert not file.exists()
    down.down(state.folder)
    assert "damaged" not in capsys.readouterr().out


def damage(state: State) -> None:
    for name in ("plan.json", "supervisor.json", "processes.json"):
        (state.folder / "run" / name).write_bytes(HALF)


def test_with_every_file_damaged_what_runs_is_told_and_ended(state: State, config: Path) -> None:
    assert up(config, state)[0] == 0
    damage(state)
    code, shown, _ = ragpulse("status", "--state", state.folder)
    assert (code, "2 processes run and no plan says which" in shown) == (1, True)
    found = json.loads(ragpulse("status", "--state", state.folder, "--json")[1])
    assert len(found["damaged"]) == 3
    code, shown, _ = ragpulse("down", "--state", state.folder)
    assert (code, "stopped 2 processes" in shown) == (0, True)
    assert members(state.folder) == []


def test_up_with_every_file_damaged_starts_anew_and_says_why(state: State, config: Path) -> None:
    assert up(config, state)[0] == 0
    before: list[Identity] = members(state.folder)
    damage(state)
    code, shown, _ = up(config, state)
    assert code == 0
    assert shown.count("is damaged, or of another version: not used") == 3
    assert set(before).isdisjoint(members(state.folder))
    assert ragpulse("status", "--state", state.folder)[0] == 0


def test_what_a_killed_writer_left_behind_goes_when_nobody_writes_there_any_more(state: State) -> None:
    state.prepare()
    for left in (
        ".cluster.yaml.k3l_x9za",
        "run/.plan.json.x9z_k3lb",
        "run/.supervisor.json.a1b_c2dd",
        "run/.processes.json.a1b_c2dd",
    ):
        (state.folder / left).write_bytes(HALF)
    (state.folder / ".cluster.yaml.swp").touch()
    state.prepare()
    assert set(files(state.folder)) == {
        ".cluster.yaml.swp",
        "run/.supervisor.json.a1b_c2dd",
        "run/.processes.json.a1b_c2dd",
    }, "a supervisor may be at it"
    stop(state)
    assert set(files(state.folder)) == {".cluster.yaml.swp"}, "an editor's is no leftover"
