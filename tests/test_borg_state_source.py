"""What the agent makes of a state file, whoever wrote it."""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.borg_state import BorgState
from exporters.source import SourceError
from ragpulse.borg import state_file
from ragpulse.borg.state import Run, Running, State, StateError, parse
from ragpulse.metric import line

NOW = 1_800_000_000.0


def source(file: Path, *, every: float | None = None, looks_inside: bool = False) -> BorgState:
    return BorgState("nightly", file, every=every, looks_inside=looks_inside, clock=lambda: NOW)


def lines(source: BorgState) -> set[str]:
    """Without the zeros of 0/1 sets, which say nothing that the ones do not."""
    told = {line(sample).strip().removeprefix("ragpulse_backup_") for sample in source.read()}
    return {each for each in told if not (each.startswith("result{") and each.endswith(" 0.0"))}


def never(*operations: str) -> set[str]:
    return {f'result{{backup="nightly",operation="{each}",result="never"}} 1.0' for each in operations}


def test_before_the_first_run_nothing_has_succeeded(tmp_path: Path) -> None:
    assert lines(source(tmp_path / "not-yet" / "state.json", every=86400)) == {
        'last_success_timestamp_seconds{backup="nightly"} 0.0',
        'check_last_success_timestamp_seconds{backup="nightly"} 0.0',
        'restore_verified_timestamp_seconds{backup="nightly"} 0.0',
        'interval_seconds{backup="nightly"} 86400.0',
        'lock_age_seconds{backup="nightly"} 0.0',
        *never("create", "check", "prune", "compact", "verify"),
    }


def test_everything_that_was_recorded_is_told(tmp_path: Path) -> None:
    sizes = {"original_bytes": 5.0, "compressed_bytes": 4.0, "deduplicated_bytes": 3.0, "files": 2.0}
    room = {"repository_bytes": 7.0, "free_bytes": 90.0, "filesystem_bytes": 100.0}
    state = State(running={"1": Running("prune", NOW - 40), "2": Running("create", NOW - 50)})
    state = state.with_run("create", Run(NOW - 200, NOW - 100, 1, "warning", missing_paths=2, figures=sizes | room))
    state = state.with_run("check", Run(NOW - 20, NOW - 10, 1, "failed", "damaged"))
    state = state.with_run("verify", Run(NOW - 30, NOW - 25, 0, "success", figures={"records": 11.0}))
    state_file.update(tmp_path / "state.json", lambda _: state)
    of_the_file = {
        'last_success_timestamp_seconds{backup="nightly"} 1.7999999e+09',
        'last_exit_code{backup="nightly"} 1.0',
        'check_last_success_timestamp_seconds{backup="nightly"} 0.0',
        'restore_verified_timestamp_seconds{backup="nightly"} 1.799999975e+09',
        'missing_paths{backup="nightly"} 2.0',
        'result{backup="nightly",operation="create",result="warning"} 1.0',
        'result{backup="nightly",operation="check",result="failed"} 1.0',
        'result{backup="nightly",operation="verify",result="success"} 1.0',
        *never("prune", "compact"),
        'failure{backup="nightly",operation="check",reason="damaged"} 1.0',
        'duration_seconds{backup="nightly",operation="create"} 100.0',
        'duration_seconds{backup="nightly",operation="check"} 10.0',
        'duration_seconds{backup="nightly",operation="verify"} 5.0',
        'size_bytes{backup="nightly",kind="original"} 5.0',
        'size_bytes{backup="nightly",kind="compressed"} 4.0',
        'size_bytes{backup="nightly",kind="deduplicated"} 3.0',
        'files{backup="nightly"} 2.0',
        'repository_bytes{backup="nightly"} 7.0',
        'verified_records{backup="nightly"} 11.0',
    }
    of_the_repository = {
        'repository_free_bytes{backup="nightly"} 90.0',
        'repository_filesystem_bytes{backup="nightly"} 100.0',
        'lock_age_seconds{backup="nightly"} 50.0',
    }
    assert lines(source(tmp_path / "state.json")) == of_the_file | of_the_repository
    assert lines(source(tmp_path / "state.json", looks_inside=True)) == of_the_file


GOOD: dict[str, Any] = {
    "version": 1,
    "runs": {
        "create": {
            "start": 1.0, "end": 2.0, "exit_code": 0, "result": "success", "reason": "", "message_id": "",
            "missing_paths": 0, "last_success": 2.0, "figures": {"files": 3},
        }
    },
    "running": {},
}  # fmt: skip


def changed(**create: Any) -> str:
    return json.dumps({**GOOD, "runs": {"create": {**GOOD["runs"]["create"], **create}}})


KEYS = [*GOOD["runs"]["create"], "operation", "files"]
NOT_OURS = "so borg-run did not write it"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", NOT_OURS, id="empty"),
        pytest.param("\0\xff garbage", NOT_OURS, id="garbage"),
        pytest.param('{"version": 1, "runs"', NOT_OURS, id="torn"),
        pytest.param("[" * 50_000, NOT_OURS, id="deep"),
        pytest.param("1" * 5000, NOT_OURS, id="a number of 5000 digits"),
        pytest.param(" " * 70_000, "is larger than 65536 bytes", id="huge"),
        pytest.param("[1]", "is not of the form", id="a list"),
        pytest.param("{}", "names no version", id="no version"),
        pytest.param('{"version": "1"}', "names no version", id="a version that is text"),
        pytest.param('{"version": true}', "names no version", id="a version that is true"),
        pytest.param('{"version": 2, "runs": 7}', "a newer ragpulse; install that one", id="a version to come"),
        pytest.param('{"version": 1, "runs": []}', "runs is no mapping", id="runs as a list"),
        pytest.param('{"version": 1, "runs": {"create": 0}}', "runs.create is no mapping", id="a run that is a number"),
        pytest.param(changed(result="splendid"), "runs.create.result is none of", id="a result of no list"),
        pytest.param(changed(result=["failed"]), "runs.create.result is none of", id="a result that is a list"),
        pytest.param(changed(end="2"), "runs.create.end is no number", id="a time that is text"),
        pytest.param(changed(end=True), "runs.create.end is no number", id="a time that is true"),
        pytest.param(changed(end=float("nan")), "runs.create.end is no number", id="a time that is none"),
        pytest.param(changed(end=float("inf")), "runs.create.end is no number", id="a time without end"),
        pytest.param(changed(end=10**400), "runs.create.end is no number", id="a time of 400 digits"),
        pytest.param(changed(exit_code=-9), "runs.create.exit_code is no number", id="a status below nothing"),
        pytest.param(changed(figures=[]), "figures is no mapping", id="figures as a list"),
        pytest.param(changed(figures={"f" * 999: None}), f"{'f' * 40} is no number", id="a figure of a long name"),
        pytest.param(changed(last_success=NOW + 7200), "in the future; is the clock", id="a success to come"),
        pytest.param(
            '{"version": 1, "running": {"7": {"operation": "rm"}}}', "running names no", id="an odd operation"
        ),
    ],
)
def test_a_file_that_cannot_be_believed_is_one_line_that_names_it(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(SourceError) as caught:
        list(source(file).read())
    assert str(caught.value).startswith(f"{file}: ")
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < len(str(file)) + 120


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(Path.mkdir, "is not a file", id="a folder"),
        pytest.param(os.mkfifo, "is not a file", id="a pipe that nobody writes to"),
        pytest.param(lambda file: file.symlink_to(file), "Too many levels of symbolic links", id="a link to itself"),
    ],
)
def test_what_is_no_file_holds_nobody_up(tmp_path: Path, make: Callable[[Path], Any], words: str) -> None:
    make(tmp_path / "state.json")
    with pytest.raises(SourceError, match=words):
        list(source(tmp_path / "state.json").read())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    )
)
def test_whatever_json_it_holds_it_is_a_state_or_refused(found: Any) -> None:
    with contextlib.suppress(StateError):
        state = parse(json.dumps({"version": 1, "runs": {"create": found}, "running": found}).encode())
        assert parse(state.as_text().encode()) == state


def test_what_a_later_version_may_add_and_what_is_odd_in_a_label_are_no_label(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text(changed(result="failed", reason="haunted", message_id='"} 1\nevil 1', more={"x": 1}))
    assert 'failure{backup="nightly",operation="create",reason="other"} 1.0' in lines(source(file))
    file.write_text(json.dumps({**GOOD, "runs": {**GOOD["runs"], "defrag": {}}}))
    assert 'files{backup="nightly"} 3.0' in lines(source(file))
