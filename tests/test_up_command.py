"""`up`, `status` and `demo` on small real processes: judged beforehand, ready or stopped again, said in few lines."""

import os
import re
import shlex
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragpulse.commands import up
from ragpulse.errors import ConfigError, RagpulseError
from ragpulse.stack import closing, code, log_file
from ragpulse.stack.bring_up import bring_up
from ragpulse.stack.identity import members
from ragpulse.stack.ports import PortError
from ragpulse.stack.ready import NotReadyError
from ragpulse.stack.start import start
from ragpulse.stack.state import State
from ragpulse.stack.stop import stop, supervisor_of
from ragpulse.stack.telling import Telling
from tests.fakes.chroma_server import environment
from tests.fakes.running import answers, free_ports, until
from tests.fakes.small_processes import ending, fragile, server, sleeper, wanted


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    yield state
    stop(state)


def test_up_returns_when_all_is_ready_and_the_task_is_done(state: State) -> None:
    [port] = free_ports(1)
    assert not bring_up(state, wanted(server("web", port), ending("fill", 0, task=True)), Telling())
    assert answers(f"http://127.0.0.1:{port}/")
    assert state.statuses()["fill"].state == "done"
    assert state.cluster_file.read_bytes() == b"cluster: small\n"


def test_up_again_with_the_same_plan_changes_nothing(state: State) -> None:
    [port] = free_ports(1)
    plan = wanted(server("web", port))
    bring_up(state, plan, Telling())
    before = members(state.folder)
    assert bring_up(state, plan, Telling())
    assert members(state.folder) == before


def test_up_with_a_changed_cluster_file_stops_and_starts_anew_on_the_same_ports(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    [port] = free_ports(1)
    bring_up(state, wanted(server("web", port)), Telling())
    before = set(members(state.folder))
    assert not bring_up(state, wanted(server("web", port), text=b"cluster: other\n"), Telling())
    assert before.isdisjoint(members(state.folder))
    assert "what is wanted has changed" in capsys.readouterr().out


def test_up_again_with_newer_code_starts_anew(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = wanted(sleeper("one"))
    bring_up(state, plan, Telling())
    before = set(members(state.folder))
    monkeypatch.setattr(code, "digest", lambda: "of newer code")
    assert not bring_up(state, plan, Telling())
    assert before.isdisjoint(members(state.folder))


def test_up_again_starts_anew_what_runs_but_is_not_ready(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    [port] = free_ports(1)
    plan = wanted(fragile("web", port))
    bring_up(state, plan, Telling())
    before = set(members(state.folder))
    (state.folder / "sick").touch()
    assert not bring_up(state, plan, Telling(), patience=1)
    assert answers(f"http://127.0.0.1:{port}/")
    assert before.isdisjoint(members(state.folder))
    said = capsys.readouterr().out
    assert f"web answers 503 at http://127.0.0.1:{port}/" in said
    assert "what runs is not ready: stopping the stack that runs, starting it anew" in said


def test_what_is_not_ready_when_started_anew_either_is_told_and_stopped(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    [port] = free_ports(1)
    plan = wanted(server("sick", port, answer=503))
    state.prepare()
    state.write_plan(plan.plan())
    start(state, sys.executable)
    until(lambda: "serving" in log_file.last_lines(state.log("sick"), 1), "its start")
    with pytest.raises(NotReadyError, match="sick answers 503"):
        bring_up(state, plan, Telling(), patience=2)
    assert capsys.readouterr().out.count("starting it anew") == 1
    assert members(state.folder) == []


def test_after_a_killed_supervisor_up_clears_and_starts_anew(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    [port] = free_ports(1)
    plan = wanted(server("web", port))
    bring_up(state, plan, Telling())
    supervisor = supervisor_of(state)
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not supervisor.alive(), "the supervisor's end")
    assert not bring_up(state, plan, Telling())
    assert "cleared 1 processes that an earlier supervisor left behind" in capsys.readouterr().out
    assert len(members(state.folder)) == 2


def test_a_taken_port_starts_nothing_and_leaves_what_runs_alone(state: State) -> None:
    first, second = free_ports(2)
    bring_up(state, wanted(server("web", first)), Telling())
    before = members(state.folder)
    other = State(state.folder.parent / "other" / ".ragpulse")
    with pytest.raises(PortError, match=rf"web cannot listen on 127.0.0.1:{first}.*or change ports\.test"):
        bring_up(other, wanted(server("second", second), server("web", first)), Telling())
    assert members(other.folder) == []
    assert members(state.folder) == before


def test_a_refused_up_leaves_what_runs_with_its_cluster_file_and_configuration(state: State) -> None:
    first, second = free_ports(2)
    bring_up(state, wanted(server("web", first)), Telling())
    in_use = state.config / "prometheus" / "prometheus.yml"
    in_use.parent.mkdir(parents=True)
    in_use.touch()
    before, plan = members(state.folder), state.plan()
    other = wanted(server("web", first), server("second", second), text=b"cluster: other\n")
    with socket.create_server(("127.0.0.1", second)), pytest.raises(PortError):
        bring_up(state, other, Telling())
    assert state.cluster_file.read_bytes() == b"cluster: small\n"
    assert in_use.exists()
    assert (members(state.folder), state.plan()) == (before, plan)


def test_a_refused_demo_writes_no_cluster_file(state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    state.prepare()
    state.cluster_file.write_text("in use")
    monkeypatch.setenv("RAGPULSE_CHROMA_05", str(environment()))
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(PortError, match=f"127.0.0.1:{port}"):
            up.up(state=state.folder, ports_from=port - 2)
    assert state.cluster_file.read_text() == "in use"
    assert members(state.folder) == []


def test_what_never_becomes_ready_is_named_with_its_log_and_everything_is_stopped(state: State) -> None:
    first, second = free_ports(2)
    with pytest.raises(NotReadyError) as caught:
        bring_up(state, wanted(server("good", first), server("sick", second, answer=503)), Telling(), patience=2)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"sick answers 503 at http://127.0.0.1:{second}/ (running); ")
    assert lines[1:] == ["    serving"]
    assert caught.value.exit_code == 1
    assert members(state.folder) == []


def test_what_keeps_ending_is_named_with_exit_status_and_last_words(state: State) -> None:
    with pytest.raises(NotReadyError) as caught:
        bring_up(state, wanted(ending("broken", 7, words="no such table")), Telling(), patience=5)
    assert re.search(
        r"broken (does not run|has only just started) \(\w+, started again \d times, last exit status 7\)",
        str(caught.value),
    )
    assert "    no such table" in str(caught.value)


def test_a_supervisor_that_dies_while_up_waits_is_noticed(state: State) -> None:
    [port] = free_ports(1)

    class Killing(Telling):
        def missing(self, missing: dict[str, str]) -> None:
            if (supervisor := supervisor_of(state)) and missing:
                os.kill(supervisor.pid, signal.SIGKILL)
                until(lambda: not supervisor.alive(), "its end")

    with pytest.raises(NotReadyError, match="the supervisor ended"):
        bring_up(state, wanted(server("sick", port, answer=503)), Killing())
    assert members(state.folder) == []


def test_two_ups_of_one_folder_do_not_mix(state: State) -> None:
    refused = pytest.raises(RagpulseError, match="another `ragpulse up` is at work here")
    with state.only_one_up(), refused, State(state.folder).only_one_up():
        pytest.fail("both are at work")


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "run `make up`, which installs one"), ("/does/not/exist", "is no environment with ChromaDB")],
    ids=["unset", "gone"],
)
def test_a_demo_without_chroma_says_in_one_line_what_to_do(
    state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGPULSE_CHROMA_05", raising=False)
    if value:
        monkeypatch.setenv("RAGPULSE_CHROMA_05", value)
    with pytest.raises(RagpulseError, match=re.escape(words)) as caught:
        up.up(state=state.folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"config": Path("cluster.yaml"), "ports_from": 23000}, "the ports of a cluster stand in cluster.yaml"),
        ({"node": "one"}, "--node belongs to a cluster file"),
    ],
    ids=["ports of a cluster", "a node of the demo"],
)
def test_options_that_do_not_go_together_are_refused(
    state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: dict[str, Any], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(up.UsageError, match=words) as caught:
        up.up(state=state.folder, **arguments)
    assert caught.value.exit_code == 2


def test_a_cluster_without_this_machine_starts_nothing(
    state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cluster.yaml").write_text("cluster: far\nnodes: {one: {address: 203.0.113.250}}\n")
    with pytest.raises(RagpulseError, match="say which it is with --node"):
        up.up(state=state.folder)
    assert members(state.folder) == []


def test_the_closing_lines_say_what_runs_where_to_look_and_how_to_stop(
    state: State, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    processes = (server("prometheus", 9090), server("overview", 9478))
    closing.show(Telling().console, wanted(*processes, demo=True).plan(), state)
    out = capsys.readouterr().out
    assert re.search(r"prometheus +small server prometheus +127\.0\.0\.1:9090", out)
    where = out.partition("Where to look")[2]
    assert where.index("http://127.0.0.1:9478/") < where.index("http://127.0.0.1:9090/"), "the Overview first"
    assert f"ragpulse demo stop chroma --state {state.folder}" in out
    assert f"ragpulse down --state {state.folder}" in out


def test_a_command_can_be_typed_as_it_is_said_also_with_blanks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "my clone" / "bin" / "python"))
    state = tmp_path / "a state"
    program, *words = shlex.split(closing.command("demo start memory", State(state)))
    assert program == str(tmp_path / "my clone" / "bin" / "ragpulse")
    assert words == ["demo", "start", "memory", "--state", str(state)]


def test_a_program_on_path_needs_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ragpulse"
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert closing.command("status", State(tmp_path / "s")) == f"ragpulse status --state {tmp_path / 's'}"


def test_in_a_clone_with_its_usual_folder_make_stops_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Makefile").touch()
    closing.show(Telling().console, wanted(server("overview", 9478)).plan(), State(closing.DEFAULT_STATE))
    assert "To stop: make down\n" in capsys.readouterr().out
    shutil.rmtree(tmp_path / ".ragpulse", ignore_errors=True)


def test_a_secret_that_is_missing_is_told_with_its_line_before_anything_is_started(
    state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cluster.yaml").write_text(
        "cluster: near\nnodes: {one: {address: 127.0.0.1}}\nservices:\n"
        "  db: {kind: chroma, nodes: [one], url: 'http://127.0.0.1:8001', token_file: /nonexistent/token}\n"
    )
    with pytest.raises(
        ConfigError, match=r"^cluster.yaml:4: services.db.token_file: /nonexistent/token does not exist"
    ):
        up.up(state=state.folder)
    assert members(state.folder) == []
