"""`down` leaves nothing, whoever died before, and touches nothing that is not its own."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ragpulse.commands.down import down
from ragpulse.stack.identity import STATE_VARIABLE, Identity, identify, members
from ragpulse.stack.start import start
from ragpulse.stack.state import Plan, State
from ragpulse.stack.stop import stop, supervisor_of
from tests.fakes.running import answers, free_ports, until
from tests.fakes.small_processes import server, stubborn


def two_servers(state: State) -> tuple[Identity, list[int]]:
    ports = free_ports(2)
    processes = (server("first", ports[0]), server("second", ports[1]))
    state.write_plan(Plan("digest", demo=False, config_file="cluster.yaml", processes=processes))
    supervisor = start(state, sys.executable)
    until(lambda: all(answers(f"http://127.0.0.1:{port}/") for port in ports), "both servers")
    return supervisor, ports


def test_down_ends_everything_and_says_so(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    _, ports = two_servers(state)
    state.hold("first")
    down(state.folder)
    assert "none is left and all 2 ports are free again" in capsys.readouterr().out
    assert members(state.folder) == []
    assert not any(answers(f"http://127.0.0.1:{port}/") for port in ports)
    assert (state.plan(), state.supervisor(), state.held()) == (None, None, set())


def test_down_twice_says_that_nothing_runs(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    two_servers(state)
    down(state.folder)
    capsys.readouterr()
    down(state.folder)
    assert "runs" in capsys.readouterr().out


def test_down_in_an_empty_folder_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    down(tmp_path / "never")
    assert capsys.readouterr().out == f"nothing of {tmp_path / 'never'} runs\n"


def test_after_a_killed_supervisor_down_still_leaves_nothing(state: State) -> None:
    supervisor, ports = two_servers(state)
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not supervisor.alive(), "the supervisor's end")
    assert all(answers(f"http://127.0.0.1:{port}/") for port in ports), "its children live on"
    down(state.folder)
    assert members(state.folder) == []
    assert not any(answers(f"http://127.0.0.1:{port}/") for port in ports)


def test_a_stray_that_ignores_being_told_is_killed(state: State) -> None:
    state.write_plan(Plan("digest", demo=False, config_file="c", processes=(stubborn("stubborn"),)))
    supervisor = start(state, sys.executable)
    log = state.log("stubborn")
    until(lambda: log.exists() and "up" in log.read_text(), "its readiness to ignore")
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not supervisor.alive(), "the supervisor's end")
    assert stop(state) == 1
    assert members(state.folder) == []


def test_with_its_state_folder_gone_down_still_finds_everything(state: State) -> None:
    two_servers(state)
    shutil.rmtree(state.folder)
    assert stop(state) == 3
    assert members(state.folder) == []


def test_a_copied_state_folder_does_not_stop_the_stack_it_was_copied_from(state: State, tmp_path: Path) -> None:
    supervisor, ports = two_servers(state)
    copy = State(tmp_path / "copy")
    shutil.copytree(state.folder, copy.folder)
    assert copy.supervisor() == supervisor
    assert supervisor_of(copy) is None
    assert stop(copy) == 0
    assert supervisor.alive()
    assert all(answers(f"http://127.0.0.1:{port}/") for port in ports)


def test_a_pid_that_came_back_is_left_alone(state: State) -> None:
    environment = {**os.environ, STATE_VARIABLE: str(state.folder.parent / "other")}
    code = "print('up', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        identity = identify(stranger.pid)
        assert identity is not None
        state.write_supervisor(Identity(stranger.pid, identity.started - 1))
        assert stop(state) == 0
        state.write_supervisor(identity)
        assert stop(state) == 0, "the right process, but another state folder's"
        assert identity.alive()
        stranger.communicate(b"\n")
        assert stranger.returncode == 0


def test_who_calls_down_is_not_ended_though_it_carries_the_variable(state: State) -> None:
    two_servers(state)
    code = f"from ragpulse.commands.down import down; from pathlib import Path; down(Path({str(state.folder)!r}))"
    shell = subprocess.run(
        ["/bin/sh", "-c", f'{sys.executable} -c "$0"; echo alive', code],
        env={**os.environ, STATE_VARIABLE: str(state.folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert "stopped 3 processes" in shell.stdout, shell.stderr
    assert shell.stdout.endswith("alive\n")
