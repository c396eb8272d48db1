"""`ragpulse dashboards push|pull` against what keeps to Grafana's HTTP API: nothing of a person's is overwritten."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboards.links import NAMES
from ragpulse import __main__
from tests.fakes.board_json import Json
from tests.fakes.grafana_server import EDITOR, VIEWER, GrafanaServer, grafana_server
from tests.fakes.http_replay import Replay, refusing_url, reply

Called = Callable[..., tuple[int, str, str]]
OVERVIEW = "ragpulse-overview"
CLUSTER = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"


@pytest.fixture
def server() -> Iterator[GrafanaServer]:
    with grafana_server() as running:
        yield running


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Called:
    (tmp_path / "cluster.yaml").write_text(CLUSTER)
    (tmp_path / "token").write_text(EDITOR)

    def called(verb: str, url: str, *arguments: str | Path, token: Path = tmp_path / "token") -> tuple[int, str, str]:
        """(exit status, what was said, what went wrong)"""
        config = ["--config", str(tmp_path / "cluster.yaml")] if verb == "push" else []
        own = ["ragpulse", "dashboards", verb, "--url", url, "--token-file", str(token), *config]
        monkeypatch.setattr("sys.argv", [*own, *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return called


def shown(server: GrafanaServer, name: str = "overview") -> Json:
    return server.boards[f"ragpulse-{name}"].shown


def saves(server: GrafanaServer) -> int:
    return server.asked.count("POST /api/dashboards/db")


def test_a_first_push_makes_the_folder_and_every_board_in_it(server: GrafanaServer, call: Called) -> None:
    code, said, _ = call("push", server.url)
    assert code == 0
    assert said.splitlines() == [f"{name}: made" for name in NAMES]
    assert server.folders == {"ragpulse": "ragpulse"}
    assert {board.folder for board in server.boards.values()} == {"ragpulse"}
    assert shown(server)["title"] == "ragpulse / Overview"


@pytest.mark.parametrize("versions_as_list", [False, True], ids=["as since 11.3", "as before"])
def test_a_second_push_saves_nothing(server: GrafanaServer, call: Called, versions_as_list: bool) -> None:  # noqa: FBT001
    server.versions_as_list = versions_as_list
    call("push", server.url)
    code, said, _ = call("push", server.url)
    assert code == 0
    assert said.splitlines() == [f"{name}: is current" for name in NAMES]
    assert saves(server) == len(NAMES)


def test_what_the_cluster_file_changes_is_replaced(server: GrafanaServer, call: Called, tmp_path: Path) -> None:
    call("push", server.url)
    (tmp_path / "cluster.yaml").write_text(CLUSTER + "note: in the cellar\n")
    code, said, _ = call("push", server.url)
    assert code == 0
    assert said.splitlines() == [f"{name}: replaced" for name in NAMES]
    assert "in the cellar" in shown(server)["description"]
    assert shown(server)["version"] == 2


def test_a_board_that_somebody_changed_is_left_alone_and_so_are_all_others(
    server: GrafanaServer, call: Called, tmp_path: Path
) -> None:
    call("push", server.url)
    server.saved_by_hand(OVERVIEW, title="Mine")
    (tmp_path / "cluster.yaml").write_text(CLUSTER + "note: in the cellar\n")
    code, _, wrong = call("push", server.url)
    assert code == 1
    assert "overview changed by hand since the last push, and nothing was saved" in wrong
    assert shown(server)["title"] == "Mine"
    assert saves(server) == len(NAMES)


def test_force_replaces_what_somebody_changed_and_its_history_stays(server: GrafanaServer, call: Called) -> None:
    call("push", server.url)
    server.saved_by_hand(OVERVIEW, title="Mine")
    code, said, _ = call("push", server.url, "--force")
    assert code == 0
    assert said.splitlines()[0] == "overview: replaced"
    assert [saved["title"] for saved, _ in server.boards[OVERVIEW].versions] == [
        "ragpulse / Overview", "Mine", "ragpulse / Overview",
    ]  # fmt: skip


def test_a_board_of_our_name_that_we_did_not_make_counts_as_a_persons(server: GrafanaServer, call: Called) -> None:
    call("push", server.url)
    board = server.boards[OVERVIEW]
    board.versions[-1] = (board.versions[-1][0], "imported")
    assert call("push", server.url)[0] == 1


def test_a_board_stays_in_the_folder_into_which_it_was_moved(
    server: GrafanaServer, call: Called, tmp_path: Path
) -> None:
    call("push", server.url, "--folder", "team")
    server.folders["elsewhere"] = "Elsewhere"
    server.boards[OVERVIEW].folder = "elsewhere"
    (tmp_path / "cluster.yaml").write_text(CLUSTER + "note: in the cellar\n")
    assert call("push", server.url, "--folder", "team")[0] == 0
    assert server.folders == {"team": "team", "elsewhere": "Elsewhere"}
    assert server.boards[OVERVIEW].folder == "elsewhere"
    assert server.boards["ragpulse-node"].folder == "team"


def test_a_save_between_our_look_and_ours_is_not_lost(
    server: GrafanaServer, call: Called, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("push", server.url)
    (tmp_path / "cluster.yaml").write_text(CLUSTER + "note: in the cellar\n")
    answer = GrafanaServer.answer

    def meanwhile(of: GrafanaServer, method: str, path: str, headers: Json, body: bytes) -> tuple[int, object]:
        if method == "POST" and json.loads(body)["dashboard"]["uid"] == OVERVIEW:
            of.saved_by_hand(OVERVIEW, title="Mine")
        return answer(of, method, path, headers, body)

    monkeypatch.setattr(GrafanaServer, "answer", meanwhile)
    code, _, wrong = call("push", server.url, "--force")
    assert code == 1
    assert "somebody saved the board meanwhile" in wrong
    assert shown(server)["title"] == "Mine"


def test_boards_that_grafana_takes_from_files_are_not_pushed(server: GrafanaServer, call: Called) -> None:
    call("push", server.url)
    server.boards[OVERVIEW].provisioned = True
    code, _, wrong = call("push", server.url, "--force")
    assert code == 1
    assert "takes overview from files (provisioning)" in wrong


def test_what_is_pulled_is_what_was_generated_and_what_a_person_made_of_it(
    server: GrafanaServer, call: Called, tmp_path: Path
) -> None:
    call("push", server.url)
    server.saved_by_hand("ragpulse-node", title="Mine")
    code, said, _ = call("pull", server.url, "--out", tmp_path / "pulled")
    assert code == 0
    assert said.startswith("wrote overview.json, ")
    from_grafana = {file.stem: json.loads(file.read_text()) for file in (tmp_path / "pulled").iterdir()}
    assert set(from_grafana) == set(NAMES)
    assert from_grafana["node"]["title"] == "Mine"
    assert from_grafana["overview"] == server.boards[OVERVIEW].versions[0][0] | {"version": 1}


def test_pull_replaces_no_file_that_differs(server: GrafanaServer, call: Called, tmp_path: Path) -> None:
    call("push", server.url)
    call("pull", server.url, "--out", tmp_path)
    assert call("pull", server.url, "--out", tmp_path)[0] == 0
    (tmp_path / "node.json").write_text("{}")
    code, _, wrong = call("pull", server.url, "--out", tmp_path)
    assert code == 2
    assert "node.json differ from what is in Grafana" in wrong
    assert (tmp_path / "node.json").read_text() == "{}"
    assert call("pull", server.url, "--out", tmp_path, "--force")[0] == 0
    assert (tmp_path / "node.json").read_text() != "{}"


def test_pull_from_a_grafana_without_our_boards_says_so(server: GrafanaServer, call: Called, tmp_path: Path) -> None:
    code, _, wrong = call("pull", server.url, "--out", tmp_path / "pulled")
    assert code == 1
    assert "there is none of our boards" in wrong
    assert not (tmp_path / "pulled").exists()


@pytest.mark.parametrize(
    ("token", "told"),
    [
        pytest.param(
            "wrong", "HTTP 401 to /api/dashboards/uid/ragpulse-overview: it does not know this token", id="401"
        ),
        pytest.param(VIEWER, "HTTP 403 to /api/folders: this token may not do that", id="403"),
    ],
)
def test_a_token_that_is_refused_is_named_by_its_file_and_never_shown(
    server: GrafanaServer, call: Called, tmp_path: Path, token: str, told: str
) -> None:
    (tmp_path / "other").write_text(token)
    code, said, wrong = call("push", server.url, token=tmp_path / "other")
    assert code == 1
    assert told in wrong
    assert token not in said + wrong
    assert not server.boards


def test_a_token_file_or_url_that_cannot_be_is_told_before_anything_is_asked(
    server: GrafanaServer, call: Called, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_text("\n")
    for token, told in ((tmp_path / "none", "No such file"), (tmp_path / "empty", "is empty")):
        code, _, wrong = call("push", server.url, token=token)
        assert (code, told in wrong) == (2, True)
    code, _, wrong = call("push", "grafana:3000")
    assert (code, "--url: " in wrong) == (2, True)
    assert not server.asked


def test_a_server_that_is_no_grafana_is_told_in_one_line(replay: Replay, call: Called) -> None:
    path = "/api/dashboards/uid/ragpulse-overview"
    for body in (b"<html>", b'{"dashboard": {"id": 1, "version": "two"}, "meta": {}}'):
        replay.routes["GET", path] = reply(200, body)
        code, _, wrong = call("push", replay.url)
        assert code == 1
        assert "is not what Grafana's HTTP API promises" in wrong
    replay.routes["GET", path] = reply(302)
    assert f"HTTP 302 to {path}: it does not say why" in call("push", replay.url)[2]
    replay.routes["GET", path] = reply(200, b" " * (17 * 1024**2))
    assert "an answer is larger than 16 MiB" in call("push", replay.url)[2]
    assert len(wrong.strip().splitlines()) == 1


def test_a_grafana_that_does_not_run_is_told_in_one_line(call: Called) -> None:
    with refusing_url() as url:
        code, _, wrong = call("push", url)
    assert code == 1
    assert "Grafana cannot be asked (ConnectError); is it running?" in wrong
    assert len(wrong.strip().splitlines()) == 1
