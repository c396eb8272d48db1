"""The receiver keeps every notification as a line and shows the newest, across restarts and broken lines."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ragpulse.demo.receiver import NotificationFile, build
from tests.fakes import loopback
from tests.fakes.asgi_server import served

WEBHOOK = {
    "version": "4",
    "groupKey": '{}:{alertname="ServiceDown"}',
    "status": "firing",
    "receiver": "desk",
    "alerts": [{"status": "firing", "labels": {"alertname": "ServiceDown", "service": "chroma"}}],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notifications.jsonl"


@pytest.fixture
def client(file: Path) -> Iterator[httpx.Client]:
    with served(build(file)) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """What a full disk does too: the kernel writes what still fits, and says how much that was."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def numbered(number: int) -> dict[str, object]:
    return {**WEBHOOK, "truncatedAlerts": number}


def test_a_notification_becomes_one_line_with_the_time_it_came(client: httpx.Client, file: Path) -> None:
    assert client.post("/notifications", json=WEBHOOK).status_code == 200
    lines = file.read_text().splitlines()
    assert [json.loads(line)["body"] for line in lines] == [WEBHOOK]
    assert abs(json.loads(lines[0])["received"] - file.stat().st_mtime) < 5


def test_the_newest_hundred_are_shown_newest_first(client: httpx.Client, file: Path) -> None:
    for number in range(103):
        client.post("/notifications", json=numbered(number)).raise_for_status()
    shown = [entry["body"]["truncatedAlerts"] for entry in client.get("/notifications").json()]
    assert shown == list(range(102, 2, -1))
    assert len(file.read_text().splitlines()) == 103


def test_a_restart_shows_what_was_kept_and_a_line_cut_short_spoils_no_other(file: Path) -> None:
    file.write_text(json.dumps({"received": 1.0, "body": numbered(1)}) + '\n{"received": 2.0, "bod')
    with served(build(file)) as url, httpx.Client(base_url=url, trust_env=False) as client:
        client.post("/notifications", json=numbered(3)).raise_for_status()
        shown = [entry["body"]["truncatedAlerts"] for entry in client.get("/notifications").json()]
    assert shown == [3, 1]
    assert json.loads(file.read_text().splitlines()[-1])["body"] == numbered(3)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        pytest.param(b"{", 400, "the body is not JSON", id="broken JSON"),
        pytest.param(b"\xff\xfe{", 400, "the body is not JSON", id="no UTF-8"),
        pytest.param(b"[" * 100_000, 400, "the body is not JSON", id="JSON nested too deeply"),
        pytest.param(b'{"alerts": [NaN]}', 400, "the body is not JSON", id="no number"),
        pytest.param(b'{"alerts": [-Infinity]}', 400, "the body is not JSON", id="minus infinity"),
        pytest.param(b'{"alerts": [1e999]}', 400, "the body is not JSON", id="a number too large"),
        pytest.param(rb'{"alerts": ["\ud800"]}', 400, "the body is not JSON", id="half of a character"),
        pytest.param(b"[]", 400, "no list `alerts`", id="a list"),
        pytest.param(b'{"alerts": {}}', 400, "no list `alerts`", id="alerts that are no list"),
        pytest.param(b'{"alerts": [' + b" " * 1024 * 1024 + b"]}", 413, "larger than", id="more than 1 MiB"),
    ],
)
def test_what_is_no_webhook_is_refused_in_one_line_and_not_kept(
    client: httpx.Client, file: Path, body: bytes, status: int, said: str
) -> None:
    answer = client.post("/notifications", content=body)
    assert answer.status_code == status
    assert said in answer.json()["error"]
    assert "\n" not in answer.json()["error"]
    assert not file.exists()
    assert client.get("/notifications").json() == []


def test_a_file_that_cannot_be_written_is_said_so_that_alertmanager_tries_again(
    client: httpx.Client, file: Path
) -> None:
    file.mkdir()
    answer = client.post("/notifications", json=WEBHOOK)
    assert answer.status_code == 507
    assert client.get("/notifications").json() == []


def test_a_line_that_was_only_written_in_part_is_taken_back_and_comes_again_whole(file: Path) -> None:
    notifications = NotificationFile(file)
    notifications.append(numbered(1))
    size = file.stat().st_size
    with files_no_longer_than(size + 20), pytest.raises(OSError, match="only part of the line"):
        notifications.append(numbered(2))
    assert file.stat().st_size == size
    notifications.append(numbered(2))
    assert [json.loads(line)["body"] for line in file.read_text().splitlines()] == [numbered(1), numbered(2)]
    assert [entry["body"] for entry in notifications.newest()] == [numbered(2), numbered(1)]


def test_a_line_that_no_answer_can_hold_is_left_out(file: Path) -> None:
    file.write_text(
        '{"received": 1.0, "body": {"alerts": [NaN]}}\n{"received": 2.0, "body": {"alerts": ["\\ud800"]}}\n'
    )
    with served(build(file)) as url:
        assert loopback.get(f"{url}/notifications").json() == []


def test_it_says_that_it_is_there(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
