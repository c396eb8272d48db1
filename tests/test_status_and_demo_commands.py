"""`status` says what runs, `demo` breaks and mends a service; on small real processes."""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from ragpulse.commands import demo, status
from ragpulse.demo.vllm_standin.faults import Fault, told_by
from ragpulse.errors import RagpulseError
from ragpulse.stack.bring_up import bring_up
from ragpulse.stack.closing import command
from ragpulse.stack.state import State
from ragpulse.stack.stop import stop, supervisor_of
from ragpulse.stack.telling import Telling
from tests.fakes.prometheus_api import Answering, serving
from tests.fakes.running import answers, free_ports, until
from tests.fakes.small_processes import ending, server, sleeper, wanted


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    yield state
    stop(state)


def test_status_shows_what_runs_and_fails_unless_all_does(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    [port] = free_ports(1)
    bring_up(state, wanted(server("web", port), ending("fill", 0, task=True), sleeper("other")), Telling())
    capsys.readouterr()
    status.status(state.folder, as_json=True)
    shown = json.loads(capsys.readouterr().out)
    assert [(row["process"], row["state"]) for row in shown["processes"]] == [
        ("web", "running"), ("fill", "done"), ("other", "running"),
    ]  # fmt: skip
    status.status(state.folder)
    assert f"127.0.0.1:{port}" in capsys.readouterr().out
    state.hold("other")
    until(lambda: state.statuses()["other"].state == "held", "its end")
    with pytest.raises(typer.Exit) as caught:
        status.status(state.folder)
    assert caught.value.exit_code == 1
    assert re.search(r"other +held", capsys.readouterr().out)


def test_status_lists_announced_work(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    work = {
        "id": "1", "comment": "ragpulse maintenance of node clu: new fan", "createdBy": "op",
        "status": {"state": "active"}, "endsAt": "2030-01-01T12:00:00Z",
    }  # fmt: skip
    with serving(Answering(silences=[work, work])) as alertmanager:
        bring_up(state, wanted(replace(sleeper("alertmanager"), look_url=alertmanager.url)), Telling())
        capsys.readouterr()
        status.status(state.folder)
        assert re.search(
            r"^work on clu is announced until 20.+ \(op: new fan\)$", capsys.readouterr().out, re.MULTILINE
        )
        status.status(state.folder, as_json=True)
        (told,) = json.loads(capsys.readouterr().out)["announced"]
        assert told["on"] == {"kind": "node", "name": "clu"}
    status.status(state.folder)
    assert "announced" not in capsys.readouterr().out


def test_status_says_when_nobody_watches(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    bring_up(state, wanted(sleeper("one")), Telling())
    supervisor = supervisor_of(state)
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not supervisor.alive(), "its end")
    with pytest.raises(typer.Exit):
        status.status(state.folder)
    out = capsys.readouterr().out
    assert "the supervisor is gone" in out
    assert re.search(r"one +unwatched", out)


def test_status_of_nothing_says_so(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        status.status(state.folder)
    assert capsys.readouterr().out == f"nothing of {state.folder} runs\n"


def test_a_stopped_service_of_the_demo_stays_stopped_until_it_is_started(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    [port] = free_ports(1)
    plan = wanted(server("chroma", port), demo=True)
    bring_up(state, plan, Telling())
    capsys.readouterr()
    demo.stop(demo.Service.CHROMA, state.folder)
    assert not answers(f"http://127.0.0.1:{port}/")
    said = capsys.readouterr().out
    assert said.startswith("chroma is stopped ")
    assert said.endswith(f"stays stopped until `{command('demo start chroma', state)}`\n")
    assert bring_up(state, plan, Telling()), "up does not wait for what is held"
    demo.start(demo.Service.CHROMA, state.folder)
    assert answers(f"http://127.0.0.1:{port}/")
    assert re.fullmatch(r"chroma is ready again .*\n", capsys.readouterr().out)


def test_the_stand_in_is_told_what_to_do_wrong_until_it_is_mended_or_started_anew(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    [port] = free_ports(1)
    bring_up(state, wanted(server("vllm", port), demo=True), Telling())
    capsys.readouterr()
    told = told_by(state.fault_file("vllm"))
    demo.fault(Fault.HANG, state.folder)
    assert told() is Fault.HANG
    assert capsys.readouterr().out == f"vllm is told to hang until `{command('demo mend', state)}`\n"
    demo.mend(state.folder)
    assert told() is None
    demo.fault(Fault.REJECT, state.folder)
    demo.stop(demo.Service.VLLM, state.folder)
    demo.start(demo.Service.VLLM, state.folder)
    assert told() is None
    demo.fault(Fault.SLOW, state.folder)
    stop(state)
    assert told() is None


@pytest.mark.parametrize("verb", [demo.stop, demo.start], ids=["stop", "start"])
def test_the_services_of_a_real_cluster_are_not_touched(state: State, verb: Callable[..., None]) -> None:
    bring_up(state, wanted(sleeper("chroma")), Telling())
    with pytest.raises(demo.NotTheDemoError, match="not the demo: its services are yours") as caught:
        verb(demo.Service.CHROMA, state.folder)
    assert caught.value.exit_code == 2
    assert state.held() == set()
    with pytest.raises(demo.NotTheDemoError):
        demo.fault(Fault.HANG, state.folder)
    assert not state.fault_file("vllm").exists()


def test_without_a_stack_the_demo_says_how_to_start_it(state: State) -> None:
    with pytest.raises(RagpulseError, match=rf"start it with `\S*ragpulse up --state {re.escape(str(state.folder))}`"):
        demo.stop(demo.Service.MEMORY, state.folder)
