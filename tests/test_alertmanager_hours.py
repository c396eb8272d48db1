"""When somebody is told: tickets not in quiet hours, pages always, the heartbeat all the time."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.alertmanager_tree import route, time_intervals
from tests.fakes.alertmanager import ONE_NODE, alert, alertmanager_of, cluster
from tests.fakes.binaries import each_generation
from tests.fakes.http_replay import Asked, replay_server, reply
from tests.fakes.running import free_ports, until

SILENT = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"


def around(now: datetime, hours: float) -> str:
    return "-".join((now + timedelta(hours=by)).strftime("%H:%M") for by in (hours - 1, hours + 1))


@each_generation
@pytest.mark.parametrize(("hours", "told"), [(0, {"page"}), (6, {"page", "ticket"})], ids=["within", "outside"])
def test_a_ticket_waits_in_quiet_hours_and_a_page_does_not(
    hours: float, told: set[str], generation: int, tmp_path: Path
) -> None:
    with replay_server() as receiver:
        receiver.post("/told", reply())
        port, relay = free_ports(2)
        notify = (
            f"notify:\n  receivers: {{desk: {{kind: webhook, url: '{receiver.url}/told'}}}}\n"
            f"  page: [desk]\n  ticket: [desk]\n  quiet_hours: {{between: {around(datetime.now(UTC), hours)}}}\n"
        )
        of = cluster(ONE_NODE.format(alertmanager=port, relay=relay) + notify)
        with alertmanager_of(of, tmp_path, generation) as running:
            # Of another component: a page holds back the tickets of its own.
            running.post(alert("DiskFilling", "ticket", component="sark"))
            # Sent later, they wait as long; the second one only begins when the first is told.
            for count, component in enumerate(("chroma", "vllm"), start=1):
                running.post(alert("ServiceDown", "page", component=component))
                until(lambda: heard(receiver.asked).count("page") >= count, "the page")  # noqa: B023 - asked at once
        assert set(heard(receiver.asked)) == told


def heard(asked: Iterable[Asked]) -> list[str]:
    return [json.loads(one.body)["commonLabels"]["severity"] for one in asked]


@pytest.mark.parametrize(
    ("between", "spans"),
    [
        ("22:00-07:00", [("22:00", "24:00"), ("00:00", "07:00")]),
        ("12:00-13:30", [("12:00", "13:30")]),
        ("22:00-00:00", [("22:00", "24:00")]),
        ("00:00-07:00", [("00:00", "07:00")]),
    ],
)
def test_quiet_hours_over_midnight_are_two_spans(between: str, spans: list[tuple[str, str]]) -> None:
    of = cluster(f"{SILENT}notify: {{quiet_hours: {{between: {between}, zone: Europe/Berlin}}}}\n")
    [interval] = time_intervals(of)
    [times] = interval["time_intervals"]
    assert [(span["start_time"], span["end_time"]) for span in times["times"]] == spans
    assert times["location"] == "Europe/Berlin"


def test_a_heartbeat_is_due_again_before_it_is_looked_at_again() -> None:
    """The same time twice would be every second beat: Alertmanager looks once in a group interval."""
    [watchdog] = [
        each
        for each in route(cluster(f"{SILENT}notify: {{heartbeat: {{url: 'http://127.0.0.1:1/'}}}}\n"))["routes"]
        if "Watchdog" in each["matchers"][0]
    ]
    assert (watchdog["receiver"], watchdog["group_interval"], watchdog["repeat_interval"]) == ("heartbeat", "1m", "55s")


def test_tickets_are_repeated_once_a_day_and_pages_every_four_hours() -> None:
    tree = route(cluster(SILENT))
    [ticket] = [each for each in tree["routes"] if each["receiver"] == "ticket"]
    assert (tree["repeat_interval"], ticket["repeat_interval"]) == ("4h", "1d")
