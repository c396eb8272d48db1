"""`up`, `status` and `demo` on small real processes: judged beforehand, ready or stopped again, said in few lines."""

import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from ragpulse.commands import demo, status, up
from ragpulse.errors import RagpulseError
from ragpulse.stack import closing
from ragpulse.stack.binaries import Binaries
from ragpulse.stack.bring_up import Wanted, bring_up
from ragpulse.stack.config_in_use import RefusedError, stage
from ragpulse.stack.identity import members
from ragpulse.stack.ports import PortError
from ragpulse.stack.process import Listen, Process
from ragpulse.stack.ready import NotReadyError, pending
from ragpulse.stack.state import State, Status
from ragpulse.stack.stop import stop, supervisor_of
from ragpulse.stack.telling import Telling
from tests.fakes.binaries import binary, each_generation
from tests.fakes.running import answers, free_ports, until
from tests.fakes.small_processes import ending, server, sleeper

GOOD_FILES = {
    "prometheus/prometheus.yml": "global: {scrape_interval: 5s}\nrule_files: [rules/*.yml]\n",
    "prometheus/rules/one.yml": "groups: [{name: one, rules: [{record: 'one', expr: vector(1)}]}]\n",
    "alertmanager/alertmanager.yml": "route: {receiver: desk}\nreceivers: [{name: desk}]\n",
}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    yield state
    stop(state)


def wanted(*processes: Process, demo: bool = False, text: bytes = b"cluster: small\n") -> Wanted:
    return Wanted(demo, Path("cluster.yaml"), text, {}, processes, binaries=None)


def real_binaries(generation: int) -> Binaries:
    return Binaries(*(binary(name, generation) for name in ("prometheus", "promtool", "alertmanager", "amtool")))


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
        bring_up(state, wanted(ending("broken", 7, words="no such table")), Telling(), patience=2.5)
    assert re.search(r"broken does not run \(\w+, started again \d times, last exit status 7\)", str(caught.value))
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


@each_generation
def test_good_files_are_taken_whole(tmp_path: Path, generation: int) -> None:
    state = State(tmp_path / "state")
    (state.config / "prometheus").mkdir(parents=True)
    (state.config / "prometheus" / "of-an-earlier-run.yml").touch()
    [port] = free_ports(1)
    plan = replace(wanted(server("web", port)), files=GOOD_FILES, binaries=real_binaries(generation))
    try:
        bring_up(state, plan, Telling())
        found = {str(file.relative_to(state.config)) for file in state.config.rglob("*") if file.is_file()}
        assert found == set(GOOD_FILES)
        assert not state.config.with_name("config.new").exists()
    finally:
        stop(state)


@each_generation
@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("prometheus/prometheus.yml", "global: {scrape_intervall: 5s}\n", r"promtool refuses .*scrape_intervall"),
        (
            "prometheus/rules/one.yml",
            "groups: [{name: a, rules: [{record: b, expr: 'sum('}]}]\n",
            "promtool refuses .*unclosed left parenthesis",
        ),
        ("alertmanager/alertmanager.yml", "route: {receiver: nobody}\n", "amtool refuses .*nobody"),
    ],
    ids=["an unknown key of Prometheus", "a broken rule", "a route to nobody"],
)
def test_refused_files_are_one_line_with_the_judges_words(
    tmp_path: Path, generation: int, file: str, content: str, words: str
) -> None:
    with pytest.raises(RefusedError, match=words) as caught:
        stage({**GOOD_FILES, file: content}, tmp_path / "config", real_binaries(generation))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "config").exists()


def prometheus_that_says(targets: dict[str, str], managers: int) -> httpx.Client:
    """targets: address → health."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/alertmanagers":
            return httpx.Response(200, json={"data": {"activeAlertmanagers": [{"url": "x"}] * managers}})
        if request.url.path == "/api/v1/targets":
            active = [{"scrapeUrl": f"http://{address}/metrics", "health": is_up} for address, is_up in targets.items()]
            return httpx.Response(200, json={"data": {"activeTargets": active}})
        return httpx.Response(200)

    return httpx.Client(transport=httpx.MockTransport(answer))


def listening(name: str, port: int) -> Process:
    listen = Listen("127.0.0.1", port, "x")
    return Process(name, ("true",), "", (listen,), ready_url=f"http://{listen}/")


@pytest.mark.parametrize(
    ("targets", "managers", "lack"),
    [
        ({"127.0.0.1:1": "up", "127.0.0.1:2": "up"}, 1, None),
        ({"127.0.0.1:1": "up", "127.0.0.1:2": "up"}, 0, "has not discovered Alertmanager"),
        ({"127.0.0.1:1": "up"}, 1, "has not scraped agent-one yet"),
        ({"127.0.0.1:1": "up", "127.0.0.1:2": "unknown"}, 1, "has not scraped agent-one yet"),
        ({"127.0.0.1:1": "down", "127.0.0.1:2": "up"}, 1, "has not scraped prometheus yet"),
        ({"127.0.0.1:1": "up", "127.0.0.1:2": "up", "192.0.2.9:9477": "down"}, 1, None),
    ],
    ids=[
        "all up", "no Alertmanager", "an agent that is not a target yet", "an agent not scraped yet",
        "its own page down", "another machine's agent may be down",
    ],
)  # fmt: skip
def test_prometheus_is_ready_when_it_sees_what_was_started(
    targets: dict[str, str], managers: int, lack: str | None
) -> None:
    processes = {p.name: p for p in (listening("prometheus", 1), listening("agent-one", 2), listening("web", 3))}
    statuses = {name: Status(name, "running") for name in processes}
    with prometheus_that_says(targets, managers) as client:
        assert pending(client, processes, statuses, set()) == ({"prometheus": lack} if lack else {})


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
    assert re.fullmatch(
        r"chroma is stopped .*stays stopped until `ragpulse demo start chroma`\n", capsys.readouterr().out
    )
    assert bring_up(state, plan, Telling()), "up does not wait for what is held"
    demo.start(demo.Service.CHROMA, state.folder)
    assert answers(f"http://127.0.0.1:{port}/")
    assert re.fullmatch(r"chroma is ready again .*\n", capsys.readouterr().out)


@pytest.mark.parametrize("verb", [demo.stop, demo.start], ids=["stop", "start"])
def test_the_services_of_a_real_cluster_are_not_touched(state: State, verb: Callable[..., None]) -> None:
    bring_up(state, wanted(sleeper("chroma")), Telling())
    with pytest.raises(demo.NotTheDemoError, match="not the demo: its services are yours") as caught:
        verb(demo.Service.CHROMA, state.folder)
    assert caught.value.exit_code == 2
    assert state.held() == set()


def test_without_a_stack_the_demo_says_how_to_start_it(state: State) -> None:
    with pytest.raises(RagpulseError, match="start it with `make up`"):
        demo.stop(demo.Service.MEMORY, state.folder)


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


def test_in_a_clone_with_its_usual_folder_make_stops_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Makefile").touch()
    closing.show(Telling().console, wanted(server("overview", 9478)).plan(), State(closing.DEFAULT_STATE))
    assert "To stop: make down\n" in capsys.readouterr().out
    shutil.rmtree(tmp_path / ".ragpulse", ignore_errors=True)
