"""What a drill reads of the receiver's file."""

import json
from pathlib import Path
from typing import Any

from ragpulse.drill.heard import Ears, counted, not_over


def alert(name: str, status: str = "firing", severity: str = "page", **labels: str) -> dict[str, Any]:
    return {"status": status, "labels": {"alertname": name, "severity": severity, **labels}}


def ears(folder: Path, *deliveries: tuple[float, list[dict[str, Any]]]) -> Ears:
    file = folder / "notifications.jsonl"
    lines = (json.dumps({"received": at, "body": {"alerts": alerts}}) + "\n" for at, alerts in deliveries)
    file.write_text("".join(lines))
    return Ears(file)


def test_nothing_is_heard_before_the_first_notification(tmp_path: Path) -> None:
    assert Ears(tmp_path / "none").since(0) == []


def test_only_what_came_since_counts(tmp_path: Path) -> None:
    found = ears(tmp_path, (1.0, [alert("NodeDown")]), (2.0, [alert("ServiceDown")])).since(2.0)
    assert [(each.at, each.firing, each.is_page) for each in found] == [(2.0, frozenset({"ServiceDown"}), True)]


def test_the_end_of_an_alert_asks_nobody_to_act(tmp_path: Path) -> None:
    [found] = ears(tmp_path, (1.0, [alert("NodeDown", "resolved")])).since(0)
    assert not found.firing
    assert not found.is_page


def test_a_ticket_is_no_page(tmp_path: Path) -> None:
    [found] = ears(tmp_path, (1.0, [alert("BackupStale", severity="ticket")])).since(0)
    assert found.firing == {"BackupStale"}
    assert not found.is_page


def test_the_same_told_twice_counts_twice(tmp_path: Path) -> None:
    found = ears(tmp_path, (1.0, [alert("NodeDown")]), (2.0, [alert("NodeDown")])).since(0)
    assert counted(found) == {"NodeDown": 2}


def test_an_alert_is_over_once_its_own_end_is_told(tmp_path: Path) -> None:
    one, other = alert("NodeDown", node="alpha"), alert("NodeDown", node="beta")
    ended = {**one, "status": "resolved"}
    assert not_over(ears(tmp_path, (1.0, [one, other]), (2.0, [ended])).since(0), None) == {"NodeDown"}
    assert not_over(ears(tmp_path, (1.0, [one]), (2.0, [ended])).since(0), None) == set()
    assert not_over(ears(tmp_path, (1.0, [one]), (2.0, [ended]), (3.0, [one])).since(0), None) == {"NodeDown"}


def test_of_tickets_only_the_one_that_was_to_come_is_waited_for(tmp_path: Path) -> None:
    found = ears(tmp_path, (1.0, [alert("BackupStale", severity="ticket")])).since(0)
    assert not_over(found, "BackupStale") == {"BackupStale"}
    assert not_over(found, "ServiceDown") == set()
