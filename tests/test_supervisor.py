"""Supervision on real processes: started, restarted with back-off, held, ended; back-off runs on an injected clock."""

import os
import signal
import sys
import time

import pytest

from ragpulse.errors import RagpulseError
from ragpulse.stack import log_file
from ragpulse.stack.backoff import Backoff
from ragpulse.stack.child import GRACE, Child
from ragpulse.stack.identity import Identity, identify, members, state_of
from ragpulse.stack.process import Process
from ragpulse.stack.start import start
from ragpulse.stack.state import Plan, State, Status
from tests.fakes.running import answers, free_ports, until
from tests.fakes.small_processes import ending, parent, server, sleeper, stubborn
from tests.fakes.supervised import start_plan


def running(state: State, name: str) -> Identity | None:
    status = state.statuses().get(name)
    return status.identity if status and status.state == "running" else None


def ended(child: Child) -> bool:
    """Whether it has anything to notice; one that ended at once never had an identity."""
    process = child._popen
    return process is not None and os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def test_the_wait_doubles_up_to_half_a_minute() -> None:
    backoff = Backoff()
    assert [backoff.after(lived=0.5) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_minute_of_life_is_forgiven_everything_before() -> None:
    backoff = Backoff()
    for _ in range(4):
        backoff.after(lived=59)
    assert backoff.after(lived=60) == 1
    assert backoff.after(lived=0) == 2


def test_what_ends_is_started_again_not_before_its_wait_is_over(state: State) -> None:
    child = Child(ending("broken", 3), state)
    child.step(100.0, wanted=True)
    until(lambda: ended(child), "its end")
    assert child.step(100.5, wanted=True)
    assert (child.status.state, child.status.exit_code, child.status.restarts) == ("backoff", 3, 0)
    assert not child.step(101.4, wanted=True), "its wait is one second from 100.5 on"
    assert child.step(101.5, wanted=True)
    assert (child.status.state, child.status.restarts) == ("running", 1)
    until(lambda: ended(child), "its second end")
    child.step(102.0, wanted=True)
    child.step(103.9, wanted=True)
    assert child.status.state == "backoff", "the second wait is two seconds"
    child.step(104.0, wanted=True)
    assert child.status.restarts == 2
    until(lambda: ended(child), "its third end")
    child.step(104.1, wanted=True)


def test_a_task_that_succeeds_runs_once(state: State) -> None:
    child = Child(ending("fill", 0, task=True), state)
    child.step(0.0, wanted=True)
    until(lambda: ended(child), "its end")
    child.step(1.0, wanted=True)
    assert child.status.state == "done"
    assert not child.step(1000.0, wanted=True)
    assert not child.step(1001.0, wanted=False), "what is done cannot be held"


def test_a_task_that_fails_is_tried_again(state: State) -> None:
    child = Child(ending("fill", 1, task=True), state)
    child.step(0.0, wanted=True)
    until(lambda: ended(child), "its end")
    child.step(1.0, wanted=True)
    assert child.status.state == "backoff"


def test_who_ignores_being_told_to_end_is_killed_after_the_grace(state: State) -> None:
    child = Child(stubborn("stubborn"), state)
    child.step(0.0, wanted=True)
    until(lambda: "up" in log_file.last_lines(state.log("stubborn"), 1), "its readiness to ignore")
    child.step(1.0, wanted=False)
    child.step(1.0 + GRACE - 0.1, wanted=False)
    assert child.status.identity is not None
    assert child.status.identity.alive()
    child.step(1.0 + GRACE, wanted=False)
    until(lambda: ended(child), "its end")
    child.step(1.1 + GRACE, wanted=False)
    assert (child.status.state, child.status.exit_code) == ("held", -signal.SIGKILL)


def test_who_is_wanted_again_while_it_ends_is_still_killed_after_the_grace_and_then_started(state: State) -> None:
    child = Child(stubborn("stubborn"), state)
    child.step(0.0, wanted=True)
    until(lambda: "up" in log_file.last_lines(state.log("stubborn"), 1), "its readiness to ignore")
    first = child.status.identity
    child.step(1.0, wanted=False)
    child.step(1.1, wanted=True)
    child.step(1.0 + GRACE, wanted=True)
    until(lambda: ended(child), "its end")
    child.step(1.1 + GRACE, wanted=True)
    assert child.status.state == "running"
    assert child.status.identity not in {None, first}
    assert child.status.restarts == 0, "to be held is no fault"
    child.step(1.2 + 2 * GRACE, wanted=True)
    assert child.status.identity is not None
    assert child.status.identity.alive(), "its second life is not ended by the first one's grace"
    os.kill(child.status.identity.pid, signal.SIGKILL)
    until(lambda: ended(child), "its end")
    child.step(1.3 + 2 * GRACE, wanted=False)


def test_what_a_process_started_goes_with_it(state: State) -> None:
    child = Child(parent("parent"), state)
    child.step(0.0, wanted=True)
    until(lambda: bool(log_file.last_lines(state.log("parent"), 1)), "its child")
    grandchild = identify(int(log_file.last_lines(state.log("parent"), 1)[0]))
    assert grandchild is not None
    assert child.status.identity is not None
    os.kill(child.status.identity.pid, signal.SIGKILL)
    until(lambda: ended(child), "its end")
    child.step(1.0, wanted=True)
    until(lambda: not grandchild.alive(), "the end of what it left behind")


def test_a_program_that_does_not_exist_says_so_in_its_log_and_waits(state: State) -> None:
    child = Child(Process("absent", ("/does/not/exist",), "is not there"), state)
    child.step(0.0, wanted=True)
    assert (child.status.state, child.status.exit_code) == ("backoff", 127)
    assert "cannot be started" in log_file.last_lines(state.log("absent"), 1)[0]


def test_a_child_carries_the_state_folder_and_leads_a_session(state: State) -> None:
    child = Child(stubborn("one"), state)
    child.step(0.0, wanted=True)
    assert child.status.identity is not None
    pid = child.status.identity.pid
    # The kernel shows a new program before it shows its environment.
    until(lambda: state_of(pid) == str(state.folder), "its environment")
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: ended(child), "its end")
    child.step(1.0, wanted=False)


def test_each_process_is_written_down_with_its_start_time(state: State) -> None:
    [port] = free_ports(1)
    start_plan(state, server("web", port), ending("fill", 0, task=True))
    until(lambda: answers(f"http://127.0.0.1:{port}/"), "the server")
    until(lambda: state.statuses()["fill"].state == "done", "the task")
    identity = running(state, "web")
    assert identity is not None
    assert identity.alive()
    assert {member.pid for member in members(state.folder)} >= {identity.pid}


def test_a_killed_process_is_started_again(state: State) -> None:
    [port] = free_ports(1)
    start_plan(state, server("web", port))
    until(lambda: answers(f"http://127.0.0.1:{port}/"), "the server")
    first = running(state, "web")
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: running(state, "web") not in {None, first}, "its second life")
    until(lambda: answers(f"http://127.0.0.1:{port}/"), "its answer")
    status = state.statuses()["web"]
    assert (status.restarts, status.exit_code) == (1, -signal.SIGKILL)


def test_a_held_process_stays_stopped_until_it_is_released(state: State) -> None:
    ports = free_ports(2)
    start_plan(state, server("web", ports[0]), server("other", ports[1]))
    until(lambda: all(answers(f"http://127.0.0.1:{port}/") for port in ports), "both servers")
    other = running(state, "other")
    state.hold("web")
    until(lambda: state.statuses()["web"].state == "held", "its end")
    assert not answers(f"http://127.0.0.1:{ports[0]}/")
    state.release("web")
    until(lambda: answers(f"http://127.0.0.1:{ports[0]}/"), "its return")
    assert state.statuses()["web"].restarts == 0, "to be held is no fault"
    assert running(state, "other") == other


def test_told_to_end_the_supervisor_ends_all_and_itself(state: State) -> None:
    ports = free_ports(2)
    supervisor = start_plan(state, server("first", ports[0]), stubborn("second"), server("third", ports[1]))
    until(lambda: "up" in log_file.last_lines(state.log("second"), 1), "the one who ignores SIGTERM")
    begin = time.monotonic()
    os.kill(supervisor.pid, signal.SIGTERM)
    until(lambda: not supervisor.alive(), "its end", seconds=GRACE + 3)
    assert time.monotonic() - begin < GRACE + 2
    assert members(state.folder) == []


def test_a_second_supervisor_for_the_same_folder_refuses(state: State) -> None:
    first = start_plan(state, sleeper("one"))
    with pytest.raises(RagpulseError, match="another supervisor is at work"):
        start(state, sys.executable)
    assert first.alive()
    assert state.supervisor() == first


def test_without_a_plan_the_supervisor_says_so(state: State) -> None:
    with pytest.raises(RagpulseError, match="there is no plan to follow"):
        start(state, sys.executable)


def test_the_plan_is_for_its_owner_alone(state: State) -> None:
    state.write_plan(Plan("digest", demo=True, config_file="c", processes=(server("web", 1),)))
    assert (state.folder / "run" / "plan.json").stat().st_mode & 0o777 == 0o600
    plan = state.plan()
    assert plan is not None
    assert plan.processes == (server("web", 1),)


@pytest.mark.parametrize("content", ["", "{", '{"other": "version"}', "[1]"], ids=["empty", "cut", "other", "list"])
def test_a_file_of_the_run_that_cannot_be_read_is_as_good_as_none(state: State, content: str) -> None:
    for name in ("plan.json", "processes.json", "supervisor.json"):
        (state.folder / "run" / name).write_text(content)
    assert (state.plan(), state.statuses(), state.supervisor()) == (None, {}, None)


def test_statuses_survive_their_file(state: State) -> None:
    status = Status("one", "running", 12.5, Identity(10, 20), 3, -9)
    state.write_statuses((status,))
    assert state.statuses() == {"one": status}
