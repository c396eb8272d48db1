import json
from pathlib import Path

import pytest

from tests.fakes import mixed_cluster as mixed
from tests.fakes.overview_of import Change, changed, overview_of, verdict
from tests.fakes.prometheus_api import ALERTS


def test_alerts_come_with_expression_value_and_runbook_the_urgent_ones_first() -> None:
    firing, pending = changed().alerts.shown
    assert (firing.name, firing.state, firing.severity, firing.value) == ("ServiceNotReady", "firing", "page", "0")
    assert firing.expression == 'max by (service) (ragpulse_service_ready{service="chroma"}) == 0'
    assert firing.link == "/runbooks/ServiceNotReady?service=chroma", "its commands are about chroma"
    assert firing.since == pytest.approx(1789999840.123, abs=0.001)
    assert (pending.name, pending.state, pending.value, pending.link) == (
        "AvailabilityBelowTarget",
        "pending",
        "0.52",
        "",
    )


@pytest.mark.parametrize(
    ("held", "word"), [({"silenced": ("s1",)}, "silenced"), ({"inhibited": ("a1",)}, "inhibited"), ({}, "")]
)
def test_alertmanager_says_which_alerts_are_held_back(held: dict[str, tuple[str, ...]], word: str) -> None:
    known = mixed.known("ServiceNotReady", "chroma", **held)
    overview = changed(lambda answering: answering.alerts.append(known), lambda answering: answering.alerts.pop(1))
    assert overview.alerts.shown[0].quieted == word
    assert overview.alerts.caution == ""


def test_without_alertmanager_alerts_are_shown_all_the_same() -> None:
    overview = changed(lambda answering: answering.broken.update({ALERTS: (500, b"")}))
    assert [alert.name for alert in overview.alerts.shown] == ["ServiceNotReady", "AvailabilityBelowTarget"]
    why = "Alertmanager cannot be asked: it answers HTTP 500"
    assert overview.alerts.caution == f"which are silenced is not known: {why}"
    assert overview.alerts.path_words == f"alerting path broken: {why}"
    assert verdict(overview, "availability", "memory").state == "met"


@pytest.mark.parametrize(
    ("change", "alive", "words"),
    [
        pytest.param(lambda _: None, True, "alerting path alive: Watchdog reaches Alertmanager", id="all well"),
        pytest.param(
            lambda a: a.alerts.pop(0), False, "alerting path unproven: Watchdog has not reached Alertmanager",
            id="it does not arrive",
        ),
        pytest.param(
            lambda a: a.alert_rules.pop(0), False, "alerting path unproven: Watchdog does not fire",
            id="it does not fire",
        ),
    ],
)  # fmt: skip
def test_the_watchdog_is_a_line_about_the_alerting_path_and_no_alert(change: Change, alive: bool, words: str) -> None:  # noqa: FBT001 - a column
    alerts = changed(change).alerts
    assert (alerts.path_alive, alerts.path_words) == (alive, words)
    assert "Watchdog" not in {alert.name for alert in alerts.shown}


def test_a_rule_that_cannot_be_evaluated_is_told() -> None:
    overview = changed(lambda answering: answering.alert_rules[1].update(health="err"))
    assert overview.alerts.caution == "cannot be evaluated: ServiceNotReady"


def test_a_link_of_an_annotation_leads_to_a_web_page_or_nowhere() -> None:
    def linked(url: str) -> str:
        answering = mixed.mixed()
        answering.alert_rules[2]["alerts"][0]["annotations"]["runbook_url"] = url
        return overview_of(answering).alerts.shown[1].link

    assert linked("https://example.org/runbook") == "https://example.org/runbook"
    assert linked("javascript:alert(1)") == ""


def line(received: object, *alerts: dict[str, object]) -> str:
    return json.dumps({"received": received, "body": {"version": "4", "alerts": list(alerts)}})


def told(name: str, status: str = "firing") -> dict[str, object]:
    return {"status": status, "labels": {"alertname": name, "component": "c"}, "annotations": {"summary": "s"}}


def test_the_newest_twenty_notifications_are_shown_newest_first(tmp_path: Path) -> None:
    file = tmp_path / "n.jsonl"
    file.write_text("".join(line(float(n), told(f"A{n}"), told(f"B{n}", "resolved")) + "\n" for n in range(50)))
    found = overview_of(mixed.mixed(), file).notifications
    assert found is not None
    assert len(found) == 20
    assert [(each.received, each.alert, each.status) for each in found[:3]] == [
        (49.0, "A49", "firing"), (49.0, "B49", "resolved"), (48.0, "A48", "firing"),
    ]  # fmt: skip


def test_lines_that_are_no_notifications_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "n.jsonl"
    good = line(1.0, told("Good"))
    bad = [b"", b"not json", b'{"received": 1}', b"[]", b"\xff\xfe", line("NaN", told("X")).encode(), b"[" * 9999]
    file.write_bytes(b"\n".join([good.encode(), *bad]) + b'\n{"received": 2, "bo')
    found = overview_of(mixed.mixed(), file).notifications
    assert found is not None
    assert [each.alert for each in found] == ["Good"]


def test_a_file_of_notifications_that_is_not_there_is_none_received(tmp_path: Path) -> None:
    assert overview_of(mixed.mixed(), tmp_path / "absent").notifications == ()
    assert overview_of(mixed.mixed()).notifications is None
