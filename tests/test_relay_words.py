"""What a message of the adapter says, and that it is never longer than its service takes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragpulse.relay import words
from ragpulse.relay.cut import Limit
from ragpulse.relay.notification import Notification
from ragpulse.relay.shapes import DISCORD, NTFY, TELEGRAM
from tests.fakes.relay_rig import alert, webhook

# What people see as one character, none of which joins the next.
SEEN = ("a", "é", "e\u0301", "漢", "👍", "👍🏽", "👩‍👩‍👧‍👦", "🇩🇪", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿")


def read(*alerts: dict[str, Any]) -> Notification:
    return Notification.read(json.dumps(webhook(*alerts)).encode())


def test_what_holds_stands_before_what_is_over_and_each_says_where() -> None:
    over = alert(over=True, summary="a: gone.", node="clu")
    said = words.text(read(over, alert(summary="b: gone.", node="sark", service="b")), TELEGRAM)
    first, second, third = said.split("\n\n")
    assert first == "PAGE ServiceDown · chroma · tron (2)"
    assert second.splitlines()[0] == "b: gone."
    assert second.splitlines()[1].endswith(" · node sark · service b")
    assert third.splitlines()[0] == "over: a: gone."
    assert "Runbook" not in third


def test_a_title_names_only_what_all_have_in_common() -> None:
    assert words.title(read(alert(), alert(component="memory"))) == "PAGE ServiceDown · tron (2)"
    assert words.title(read(alert(over=True))) == "over ServiceDown · chroma · tron"
    bare = alert() | {"labels": {}, "annotations": {}}
    assert words.title(read(bare)) == "ALERT"


def test_what_does_not_fit_is_counted_and_what_holds_is_not_left_out() -> None:
    alerts = [alert(over=True, summary=f"old {number}.") for number in range(30)]
    said = words.text(read(*alerts, alert(summary="new.")), DISCORD)
    assert said.split("\n\n")[1].startswith("new.\n")
    assert said.count("over: ") < 20
    assert said.endswith(f"… and {30 - said.count('over: ')} more")


def test_meanings_go_before_alerts_do() -> None:
    many = [alert(summary=f"{number}: gone.", component=str(number)) for number in range(14)]
    said = words.text(read(*many), DISCORD)
    assert "Each probe of it fails." not in said
    assert said.count("gone.") == 14
    assert words.text(read(*many[:12]), DISCORD).count("Each probe of it fails.") == 12


def test_a_long_summary_leaves_room_for_the_links() -> None:
    said = words.text(read(alert(summary="x" * 5000)), DISCORD)
    assert said.endswith("Board: http://127.0.0.1:9478/#component-chroma")


@pytest.mark.parametrize(
    ("severities", "worst"),
    [(["info"], "info"), (["info", "ticket"], "ticket"), (["ticket", "page"], "page"), (["info", "critical"], "page")],
)
def test_the_worst_that_holds_decides(severities: list[str], worst: str) -> None:
    assert words.severity(read(*(alert(severity=severity) for severity in severities))) == worst
    assert words.severity(read(alert(severity="page", over=True))) == ""


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_time_that_no_clock_shows_is_no_fault(moment: str) -> None:
    assert "since an unknown time" in words.text(read(alert() | {"startsAt": moment}), DISCORD)


def test_control_characters_and_line_ends_stay_in_their_line() -> None:
    said = words.body(read(alert(summary="a\x1b[31m\nb\u2028c\x00")), NTFY)
    assert said.splitlines()[0] == "a [31m b c"


@given(st.lists(st.sampled_from(SEEN), max_size=60), st.integers(4, 60), st.sampled_from(("UTF-16", "bytes")))
def test_a_cut_falls_between_what_people_see_as_characters(seen: list[str], most: int, unit: Any) -> None:
    limit = Limit(most, unit)
    said = limit.cut("".join(seen))
    assert limit.fits(said)
    if said != "".join(seen):
        kept = said.removesuffix("…")
        assert kept in {"".join(seen[:count]) for count in range(len(seen))}


@given(
    st.lists(
        st.builds(
            alert,
            over=st.booleans(),
            summary=st.text(st.characters(categories=None), max_size=60).map(lambda text: text * 40),  # halves too
            component=st.text(max_size=300),
        ),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from((DISCORD, TELEGRAM, NTFY)),
)
def test_no_message_is_longer_than_its_service_takes(alerts: list[dict[str, Any]], limit: Limit) -> None:
    notification = read(*alerts)
    for said in (words.text(notification, limit), words.body(notification, limit)):
        assert limit.fits(said)
        said.encode("utf-8")
    assert len(words.title(notification)) <= 150
