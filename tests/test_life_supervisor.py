"""A supervisor to whom the disk is refused goes on supervising, and says a lasting trouble once."""

import logging
import os
import shutil
from pathlib import Path

import pytest

from ragpulse.errors import RagpulseError
from ragpulse.line_log import LineLog
from ragpulse.stack.child import Child
from ragpulse.stack.identity import members
from ragpulse.stack.start import start
from ragpulse.stack.state import State
from ragpulse.stack.stop import supervisor_of
from tests.fakes.running import answers, free_ports, until
from tests.fakes.small_processes import ending, server, sleeper
from tests.fakes.supervised import start_plan


def restarts(state: State, name: str) -> int:
    status = state.statuses().get(name)
    return status.restarts if status else 0


def log(state: State) -> str:
    return state.log("supervisor").read_text()


def test_a_full_disk_under_its_log_and_those_of_its_children_stops_no_watch(state: State) -> None:
    [port] = free_ports(1)
    for name in ("supervisor", "web", "broken"):
        state.log(name).symlink_to("/dev/full")
    supervisor = start_plan(state, server("web", port), ending("broken", 1))
    until(lambda: restarts(state, "broken") >= 2, "its being started again and again")
    assert supervisor.alive()
    assert {status.name for status in state.statuses().values()} == {"web", "broken"}


def test_its_list_is_written_as_soon_as_it_can_be_and_the_trouble_is_said_once(state: State) -> None:
    blocked = state.folder / "run" / "processes.json"
    blocked.mkdir()
    (blocked / "in the way").touch()
    supervisor = start_plan(state, sleeper("one"), sleeper("two"))
    until(lambda: len(members(state.folder)) == 3, "both run")
    until(lambda: "processes.json cannot be written" in log(state), "its saying so")
    shutil.rmtree(blocked)
    until(lambda: {status.state for status in state.statuses().values()} == {"running"}, "the list")
    assert log(state).count("cannot be written") == 1
    assert supervisor_of(state) == supervisor


def test_what_is_held_stays_held_while_the_folder_cannot_be_read(state: State) -> None:
    state.hold("one")
    supervisor = start_plan(state, sleeper("one"), sleeper("two"))
    until(lambda: [status.state for status in state.statuses().values()] == ["held", "running"], "one is held")
    aside = state.held_folder.with_name("aside")
    state.held_folder.rename(aside)
    state.held_folder.write_text("no folder")
    until(lambda: "what is held cannot be read" in log(state), "its saying so")
    assert [status.state for status in state.statuses().values()] == ["held", "running"]
    state.held_folder.unlink()
    aside.rename(state.held_folder)
    state.release("one")
    until(lambda: [status.state for status in state.statuses().values()] == ["running", "running"], "both run")
    assert log(state).count("cannot be read") == 1
    assert supervisor.alive()


def test_a_process_whose_log_cannot_be_opened_runs_without_one(state: State, caplog: pytest.LogCaptureFixture) -> None:
    [port] = free_ports(1)
    state.log("web").mkdir()
    child = Child(server("web", port), state)
    child.step(0.0, wanted=True)
    until(lambda: answers(f"http://127.0.0.1:{port}/"), "its answer")
    assert "web runs without a log" in caplog.text
    until(lambda: child.step(1.0, wanted=False), "its end")
    assert not child.alive
    assert not answers(f"http://127.0.0.1:{port}/")


def test_a_supervisor_that_cannot_write_in_its_folder_says_why_and_who_starts_it_says_that(state: State) -> None:
    state.supervisor_lock.mkdir()
    with pytest.raises(RagpulseError, match=f"did not start.*\n.*{state.supervisor_lock}: Is a directory"):
        start_plan(state, sleeper("one"))


def test_a_supervisor_that_did_not_start_and_could_not_say_why_points_at_the_room_for_its_log(state: State) -> None:
    log = state.log("supervisor")
    with pytest.raises(RagpulseError, match=rf"did not start.*\n *\(nothing: is there room for {log}\?\)"):
        start(state, "/bin/false")


def logger_to(descriptor: int) -> logging.Logger:
    logger = logging.getLogger(f"to {descriptor}")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.handlers = [LineLog(descriptor)]
    return logger


def test_lines_that_cannot_be_written_are_dropped_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "log"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    full = os.open("/dev/full", os.O_WRONLY)
    spare = os.dup(descriptor)
    logger = logger_to(descriptor)
    logger.info("first")
    os.dup2(full, descriptor)
    logger.info("lost")
    logger.info("lost too")
    os.dup2(spare, descriptor)
    logger.info("second")
    logger.info("third")
    for each in (descriptor, full, spare):
        os.close(each)
    assert file.read_text() == 'first\nlines_dropped=2 error="the log could not be written"\nsecond\nthird\n'


def test_a_line_that_was_written_in_part_does_not_spoil_the_next_one() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    logger = logger_to(writing)
    long = "x" * 200_000  # more than a pipe holds
    logger.info(long)
    taken = len(os.read(reading, len(long)))
    logger.info("next")
    assert taken < len(long)
    assert os.read(reading, 1000) == b'\nlines_dropped=1 error="the log could not be written"\nnext\n'
    os.close(reading)
    logger.info("nobody reads")
    os.close(writing)
