"""`ragpulse notify test` through a real Alertmanager of both generations, its own integrations and the adapter."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest
from starlette.responses import Response

from alerts.alertmanager_test_route import receivers
from ragpulse import __main__
from ragpulse.notification_test import Alertmanager, Counts, by_counts
from tests.fakes.alertmanager import alert
from tests.fakes.binaries import FOLDERS
from tests.fakes.http_replay import Replay, reply
from tests.fakes.notified import Notified, cluster_text, notified
from tests.fakes.relay_rig import secret
from tests.fakes.running import until
from tests.fakes.told_services import DISCORD_PATH, HOOK_PATH, TOPIC_PATH, Heard, Services, told_services

Called = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def shared() -> Iterator[Services]:
    with told_services() as services:
        yield services


@pytest.fixture(scope="module", params=range(max(1, len(FOLDERS))), ids=lambda index: f"generation {index + 1}")
def running_stack(
    request: pytest.FixtureRequest, shared: Services, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Notified]:
    with notified(tmp_path_factory.mktemp("notified"), shared.url, request.param) as rig:
        yield rig


@pytest.fixture
def services(shared: Services) -> Services:
    shared.heard.clear()
    shared.script.clear()
    return shared


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    def called(config: Path, *arguments: str) -> tuple[int, str, str]:
        """(exit status, what was said, what went wrong)"""
        monkeypatch.setattr("sys.argv", ["ragpulse", "notify", "test", *arguments, "--config", str(config)])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return called


def row(output: str, receiver: str) -> list[str]:
    return next(line.split() for line in output.splitlines() if line.split()[:1] == [receiver] and ":" not in line[:12])


def about(services: Services, word: bytes) -> list[Heard]:
    """What an earlier test was refused comes again meanwhile."""
    return [heard for heard in services.heard if word in heard.body]


def test_each_receiver_hears_of_its_own_test_and_nobody_else_does(
    running_stack: Notified, services: Services, call: Called
) -> None:
    status, said, _ = call(running_stack.config)
    assert status == 0, said
    for name in ("discord", "telegram", "ntfy", "plain", "pager"):
        assert "delivered" in row(said, name), said
    assert [heard.path for heard in services.heard].count(DISCORD_PATH) == 1
    assert len(services.heard) == 5
    (topic,) = services.on(TOPIC_PATH)
    assert topic.headers["priority"] == "2"
    assert topic.body.decode().startswith("This is a test: ntfy hears of alerts.\n")


def test_that_a_test_is_over_is_told_to_nobody_but_where_an_incident_would_stay_open(running_stack: Notified) -> None:
    told = {
        receiver["name"]: {
            entry["send_resolved"] for kind, entries in receiver.items() if kind != "name" for entry in entries
        }
        for receiver in receivers(running_stack.adapter.cluster)
    }
    assert told == {f"test of {name}": {name == "pager"} for name in running_stack.adapter.cluster.notify.receivers}


def test_who_refuses_is_told_with_the_reason(running_stack: Notified, services: Services, call: Called) -> None:
    services.script.append(Response(status_code=403))
    status, said, wrong = call(running_stack.config, "discord")
    assert (status, len(services.heard)) == (1, 1)
    assert "failed" in row(said, "discord")
    assert "refused: HTTP 403" in said
    assert wrong == "1 of 1 test notifications were not seen to arrive\n"


def test_who_refuses_alertmanager_itself_is_found_too(
    running_stack: Notified, services: Services, call: Called
) -> None:
    services.script.append(Response(status_code=403))
    status, said, _ = call(running_stack.config, "plain")
    assert status == 1
    assert "failed" in row(said, "plain")
    assert len(services.on(HOOK_PATH)) == 1


def test_who_is_tried_again_within_the_time_has_no_evidence_yet(
    running_stack: Notified, services: Services, call: Called
) -> None:
    services.script.extend([Response(status_code=500)] * 2)
    status, said, _ = call(running_stack.config, "discord", "--within", "1")
    assert status == 1
    assert "no evidence" in said
    assert "server_error: HTTP 500" in said
    until(
        lambda: set(running_stack.adapter.relay.states("discord")) <= {"delivered", "dead_letter"}, "it is told at last"
    )


def test_a_page_goes_through_the_adapter_to_each_of_its_receivers_and_not_to_a_test(
    running_stack: Notified, services: Services
) -> None:
    running_stack.alertmanager.post(alert("ServiceDown", "page", summary="chroma: nobody answers."))
    until(lambda: len(about(services, b"nobody answers")) == 4, "four receivers of pages are told")
    (told,) = [heard for heard in about(services, b"nobody answers") if heard.path == DISCORD_PATH]
    assert told.json["content"].startswith("PAGE ServiceDown · chroma · tron\n\nchroma: nobody answers.\nsince ")
    (hook,) = [heard for heard in about(services, b"nobody answers") if heard.path == HOOK_PATH]
    assert hook.json["receiver"] == "page"


class Counting:
    """An Alertmanager that has counted this since the test alert, and goes on counting nothing."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def counts(self, _: str) -> Counts:
        return self._counts


@pytest.mark.parametrize(
    ("counted", "state", "says"),
    [
        (Counts(begun=1, ended=1), "delivered", "was taken"),
        (Counts(begun=1, ended=3, failed=2), "delivered", "was taken"),
        (Counts(begun=1, ended=2, failed=2), "failed", "2 requests of Alertmanager failed"),
        (Counts(begun=1, ended=1, failed=1, given_up=1), "failed", "gave it up"),
        (Counts(begun=1), "no evidence", "waits for an answer"),
        (Counts(begun=2, ended=2), "delivered", "was taken"),
        # One was taken, another waits, is refused or was given up: nothing says which of them was the test.
        (Counts(begun=2, ended=1), "no evidence", "2 notifications by webhook were sent meanwhile"),
        (Counts(begun=2, ended=4, failed=3), "no evidence", "not all were taken"),
        (Counts(begun=2, ended=2, failed=1, given_up=1), "no evidence", "try again when it is quiet"),
    ],
)
def test_what_was_taken_of_others_is_not_taken_for_the_test(counted: Counts, state: str, says: str) -> None:
    alertmanager = cast("Alertmanager", Counting(counted))
    found = by_counts(alertmanager, "webhook", Counts(), expected=1, within=0.01)
    assert found.state == state
    assert says in found.detail


def test_a_mended_secret_needs_no_restart(running_stack: Notified, services: Services, call: Called) -> None:
    folder = running_stack.config.parent
    secret(folder, "discord", "no URL")
    assert call(running_stack.config, "discord", "--within", "1")[0] == 1
    secret(folder, "discord", services.url + DISCORD_PATH)
    assert call(running_stack.config, "discord")[0] == 0


def test_without_an_alertmanager_it_is_one_line(call: Called, services: Services, tmp_path: Path) -> None:
    config = tmp_path / "cluster.yaml"
    config.write_text(cluster_text(tmp_path, services.url))
    status, _, wrong = call(config)
    assert status == 1
    assert wrong.count("\n") == 1
    assert "does not answer (ConnectError): is it running here?" in wrong


@pytest.mark.parametrize("status", [b"<html>", b'{"config": []}'])
def test_another_program_in_its_place_is_one_line(
    call: Called, services: Services, tmp_path: Path, replay: Replay, status: bytes
) -> None:
    replay.get("/api/v2/status", reply(body=status))
    config, port = tmp_path / "cluster.yaml", urlsplit(replay.url).port
    text = cluster_text(tmp_path, services.url)
    config.write_text(re.sub(r"alertmanager: \d+", f"alertmanager: {port}", text))
    assert call(config)[::2] == (1, f"what answers at {replay.url} is no Alertmanager\n")


def test_an_alertmanager_that_does_not_know_a_receiver_runs_with_another_file(
    running_stack: Notified, services: Services, call: Called, tmp_path: Path
) -> None:
    config = tmp_path / "cluster.yaml"
    config.write_text(running_stack.config.read_text().replace("    plain:", "    other:").replace("plain]", "other]"))
    status, said, _ = call(config, "other")
    assert (status, about(services, b'"other"')) == (1, [])
    assert "run `ragpulse up`" in said


@pytest.mark.parametrize(
    ("notify", "arguments", "mistake"),
    [
        pytest.param("", [], "names nobody who could be told", id="nobody"),
        pytest.param(
            "notify: {receivers: {desk: {kind: webhook, url: 'http://127.0.0.1:1/'}}}",
            ["dest"],
            "has no dest; did you mean desk?",
            id="somebody else",
        ),
    ],
)
def test_a_receiver_that_is_none_is_one_line(
    call: Called, tmp_path: Path, notify: str, arguments: list[str], mistake: str
) -> None:
    config = tmp_path / "cluster.yaml"
    config.write_text(f"cluster: c\nnodes: {{a: {{address: 127.0.0.1}}}}\n{notify}\n")
    status, _, wrong = call(config, *arguments)
    assert (status, wrong) == (2, f"{config}: notify.receivers: {mistake}\n")
